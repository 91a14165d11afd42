import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { RuntimeError } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'

const run = promisify(execFile)

/** Where Docker's storage driver has the layers of an image, as far as inspect tells. */
export interface GraphDriver {
  Name: string
  Data: Readonly<Record<string, string>> | null
}

/**
 * The arguments of mount(8) that show an image's layers at a place: as they are where there is one, else over each
 * other. Throws when the storage driver keeps no layers that can be mounted.
 */
export function imageMounts({ Name, Data }: GraphDriver, place: string): string[][] {
  const upper = Data?.['UpperDir']
  if (Name !== 'overlay2' || upper === undefined) {
    throw new RuntimeError(
      'Unknown',
      `image volumes need Docker's storage driver overlay2: it has ${Name || 'another'}`,
    )
  }
  const lower = Data?.['LowerDir'] ?? ''
  if (lower !== '') {
    return [['-t', 'overlay', '-o', `ro,noexec,lowerdir=${upper}:${lower}`, 'overlay', place]]
  }
  return [
    ['--bind', upper, place],
    ['-o', 'remount,bind,ro,noexec', place],
  ]
}

/** Mounts an image at a place of the host. */
export async function mountImage(context: DockerContext, id: string, place: string, signal: AbortSignal) {
  const info = await call(context, signal, limits.read, () => context.docker.getImage(id).inspect())
  for (const args of imageMounts(info.GraphDriver as GraphDriver, place)) {
    await run('mount', args, { signal, timeout: limits.write })
  }
}
