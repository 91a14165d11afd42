import type { ContainerInspectInfo, ContainerInspectOptions } from 'dockerode'
import type { ContainerPlaces } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import type { GraphDriver } from './image-mount.ts'

type Inspected = ContainerInspectInfo & { SizeRw?: number }

/** Where a container's own files and its log are. */
export async function containerPlaces(
  context: DockerContext,
  id: string,
  signal: AbortSignal,
): Promise<ContainerPlaces> {
  const inspect = (size: boolean): Promise<Inspected> =>
    call(context, signal, limits.read, (abortSignal) => {
      const options = { size, abortSignal } as ContainerInspectOptions
      return context.docker.getContainer(id).inspect(options)
    })
  const { GraphDriver, LogPath } = await inspect(false)
  const layer = (GraphDriver as GraphDriver | undefined)?.Data?.['UpperDir']
  return { rootfs: layer ?? (await inspect(true)).SizeRw, log: LogPath === '' ? undefined : LogPath }
}
