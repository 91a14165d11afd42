import type { ImageInspectInfo } from 'dockerode'
import type { AuthConfig, Image } from '../types.ts'
import { RuntimeError, isRuntimeNotFound } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { lines } from './lines.ts'

/** The reference with ":latest" where it has neither tag nor digest: without one Docker pulls every tag there is. */
export function withTag(image: string): string {
  if (image.includes('@')) return image
  const name = image.slice(image.lastIndexOf('/') + 1)
  return name.includes(':') ? image : `${image}:latest`
}

export async function imageStatus(
  context: DockerContext,
  image: string,
  signal: AbortSignal,
): Promise<Image | undefined> {
  try {
    const info = await call(context, signal, limits.read, () => context.docker.getImage(image).inspect())
    return toImage(info)
  } catch (error) {
    if (isRuntimeNotFound(error)) return undefined
    throw error
  }
}

function toImage(info: ImageInspectInfo): Image {
  const user = (info.Config.User ?? '').split(':')[0] ?? ''
  return {
    id: info.Id,
    repoTags: info.RepoTags ?? [],
    repoDigests: info.RepoDigests ?? [],
    size: info.Size,
    uid: user === '' ? 0 : /^\d+$/.test(user) ? Number(user) : undefined,
    username: /^\d*$/.test(user) ? '' : user,
  }
}

export async function listImages(context: DockerContext, signal: AbortSignal): Promise<Image[]> {
  const found = await call(context, signal, limits.read, (abortSignal) => context.docker.listImages({ abortSignal }))
  return found.map((info) => ({
    id: info.Id,
    repoTags: (info.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    repoDigests: (info.RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>'),
    size: info.Size,
    uid: undefined,
    username: '',
  }))
}

/** Pulls and returns the image's id. Fails with Docker's message, or when nothing moves for a minute. */
export async function pullImage(
  context: DockerContext,
  image: string,
  auth: AuthConfig | undefined,
  signal: AbortSignal,
): Promise<string> {
  const idle = new AbortController()
  const stalled = (): void => idle.abort(new RuntimeError('Timeout', `pulling ${image} made no progress`))
  const stop = AbortSignal.any([signal, idle.signal])
  let cancel = context.clock.timer(limits.pullProgress, stalled)
  try {
    const authconfig = auth && {
      username: auth.username ?? '',
      password: auth.password ?? '',
      serveraddress: auth.serverAddress ?? '',
      ...(auth.auth === undefined ? {} : { auth: auth.auth }),
      ...(auth.identityToken === undefined ? {} : { identitytoken: auth.identityToken }),
      ...(auth.registryToken === undefined ? {} : { registrytoken: auth.registryToken }),
    }
    const progress = await call(context, stop, limits.write, (abortSignal) =>
      context.docker.createImage({ fromImage: withTag(image), authconfig, abortSignal }),
    )
    for await (const line of lines(progress, stop)) {
      cancel()
      cancel = context.clock.timer(limits.pullProgress, stalled)
      const failed = (JSON.parse(line) as { error?: string }).error
      if (failed !== undefined) throw new RuntimeError('Unknown', `Error response from daemon: ${failed}`)
    }
  } finally {
    cancel()
  }
  const pulled = await imageStatus(context, image, signal)
  if (!pulled) throw new RuntimeError('NotFound', `Docker pulled ${image} but does not have it`)
  return pulled.id
}

/** Removes an image by its id under all its names, which Docker does not do at once, or by one name. */
// kubernetes 1.23 pkg/kubelet/dockershim/docker_image.go RemoveImage
export async function removeImage(context: DockerContext, image: string, signal: AbortSignal): Promise<void> {
  const found = await imageStatus(context, image, signal)
  const names = found?.id === image && found.repoTags.length > 1 ? found.repoTags : [image]
  for (const name of names) {
    await call(context, signal, limits.write, (abortSignal) =>
      context.docker.getImage(name).remove({ abortSignal }),
    ).catch((error: unknown) => {
      if (!isRuntimeNotFound(error)) throw error
    })
  }
}

/** Of all containers, for Docker serves others too, whose images are not to go before they are used again. */
export async function imagesInUse(context: DockerContext, signal: AbortSignal): Promise<Set<string>> {
  const [all, infra] = await Promise.all([
    call(context, signal, limits.read, (abortSignal) => context.docker.listContainers({ all: true, abortSignal })),
    imageStatus(context, context.infraImage, signal),
  ])
  return new Set([...all.map(({ ImageID }) => ImageID), ...(infra ? [infra.id] : [])])
}
