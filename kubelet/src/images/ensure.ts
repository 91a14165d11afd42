import type { ObjectReference, Pod, Secret } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Recorder } from '../events.ts'
import type { ObjectSource } from '../objects.ts'
import { doubled } from '../pods/backoff.ts'
import type { StartFailure } from '../pods/model.ts'
import { RuntimeError, type Image, type ImageService } from '../runtime/types.ts'
import { secretConfigs } from './credentials.ts'
import { lookup, repositoryOf } from './keyring.ts'
import type { TrackedAuth } from './pull-records.ts'
import type { PulledImages } from './pulled-images.ts'
import { IntentError, type ImagePuller } from './puller.ts'

export interface ImageContext {
  runtime: ImageService
  puller: ImagePuller
  pulled: Pick<PulledImages, 'mustPull'>
  keyring: NodeKeyring
  objects: ObjectSource
  recorder: Recorder
  clock: Clock
  /** The kubelet's own life: pulls go on until it ends. */
  lifetime: AbortSignal
}

/** Credentials for images that the node has for all its Pods. */
export interface NodeKeyring {
  /** Those for a repository that a Pod needs, best first. Rejects only when the signal aborts. */
  lookup(repository: string, pod: Pod, signal: AbortSignal): Promise<TrackedAuth[]>
}

/** The image is not there and this is what the container waits with. */
export class ImageError extends Error {
  readonly failure: StartFailure

  constructor(failure: StartFailure) {
    super(failure.message)
    this.name = 'ImageError'
    this.failure = failure
  }
}

// how long the error itself is shown before it becomes "back-off"
const showErrorMs = 3000
const retryMs = 10_000

/** An image that a container needs: its own, or that of a volume. */
export interface WantedImage {
  image: string
  /** IfNotPresent when undefined. */
  policy: string | undefined
}

/**
 * Sees to it that an image is there, as its pull policy says; `about` is the container it is for. `lastBackOff` is the
 * back-off in seconds after the pull before (0: none). Throws ImageError.
 */
// pkg/kubelet/images/image_manager.go EnsureImageExists
export async function ensureImage(
  context: ImageContext,
  pod: Pod,
  about: ObjectReference,
  wanted: WantedImage,
  lastBackOff: number,
  signal: AbortSignal,
): Promise<Image> {
  const { runtime, recorder, clock } = context
  const { image, policy = 'IfNotPresent' } = wanted
  const present = await inspect(context, about, image, signal)
  let found: Promise<TrackedAuth[]> | undefined
  const credentials = (): Promise<TrackedAuth[]> => (found ??= credentialsFor(context, pod, image, signal))
  if (present && policy !== 'Always' && !(await context.pulled.mustPull(image, present.id, credentials))) {
    const text = `Container image "${image}" already present on machine and can be accessed by the pod`
    recorder.event(about, 'Normal', 'Pulled', text)
    return present
  }
  if (policy === 'Never') {
    // or it is, but others have pulled it, and whether this Pod may have it must not be asked
    const message = `Container image "${image}" is not present with pull policy of Never`
    recorder.event(about, 'Warning', 'ErrImageNeverPull', message)
    throw new ImageError({ reason: 'ErrImageNeverPull', message, retryAt: clock.elapsed() + retryMs })
  }
  recorder.event(about, 'Normal', 'Pulling', `Pulling image "${image}"`)
  const start = clock.elapsed()
  try {
    await context.puller.pull(image, await credentials(), context.lifetime, signal)
    const pulled = await runtime.imageStatus(image, signal)
    if (!pulled) throw new RuntimeError('NotFound', `image "${image}" is gone again`)
    const took = goDuration(clock.elapsed() - start)
    const size = `Image size: ${pulled.size} bytes.`
    const text = `Successfully pulled image "${image}" in ${took} (${took} including waiting). ${size}`
    recorder.event(about, 'Normal', 'Pulled', text)
    return pulled
  } catch (error) {
    signal.throwIfAborted()
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof IntentError) {
      const text = `Failed to record image pull intent for container image "${image}": ${message}`
      throw new ImageError({ reason: message, message: text, retryAt: clock.elapsed() + retryMs })
    }
    recorder.event(about, 'Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
    const pullSeconds = doubled(lastBackOff)
    const now = clock.elapsed()
    throw new ImageError({
      reason: 'ErrImagePull',
      message,
      retryAt: now + pullSeconds * 1000,
      backOffAt: now + showErrorMs,
      backOffMessage: `Back-off pulling image "${image}": ErrImagePull: ${message}`,
      pullSeconds,
    })
  }
}

// makeLookupPullCredentialsFunc
async function credentialsFor(
  context: ImageContext,
  pod: Pod,
  image: string,
  signal: AbortSignal,
): Promise<TrackedAuth[]> {
  const repository = repositoryOf(image)
  const own = lookup(secretConfigs(await pullSecrets(context, pod, signal)), repository)
  return [...own, ...(await context.keyring.lookup(repository, pod, signal))]
}

async function inspect(
  context: ImageContext,
  about: ObjectReference,
  image: string,
  signal: AbortSignal,
): Promise<Image | undefined> {
  try {
    return await context.runtime.imageStatus(image, signal)
  } catch (error) {
    if (!(error instanceof RuntimeError) || !error.message.includes('invalid reference format')) throw error
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`
    context.recorder.event(about, 'Warning', 'InspectFailed', message)
    throw new ImageError({ reason: 'InvalidImageName', message, retryAt: context.clock.elapsed() + retryMs })
  }
}

// pkg/kubelet/kubelet_pods.go getPullSecretsForPod
async function pullSecrets(context: ImageContext, pod: Pod, signal: AbortSignal): Promise<Secret[]> {
  const found: Secret[] = []
  const missing: string[] = []
  for (const { name = '' } of pod.spec.imagePullSecrets ?? []) {
    if (name === '') continue
    const secret = await context.objects.secret(pod.metadata.namespace ?? '', name, signal).catch(() => undefined)
    signal.throwIfAborted()
    if (secret) found.push(secret)
    else missing.push(name)
  }
  if (missing.length > 0) {
    const text = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
    context.recorder.event(pod, 'Warning', 'FailedToRetrieveImagePullSecret', text)
  }
  return found
}

// as Go prints a time.Duration that is rounded to milliseconds
function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3))
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
