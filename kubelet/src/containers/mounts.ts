import path from 'node:path'
import type { Container, VolumeMount } from '@kubets/shared/api/types/core-v1.ts'
import type { Device, Mount } from '../runtime/types.ts'
import { bindSubPath, makeSubPath } from '../volumes/subpath.ts'
import { expand } from './expansion.ts'

/** Where a volume of the Pod is on the node, and whether it may be written. */
export interface MountedVolume {
  path: string
  readonly: boolean
  /** It is a block device, not a folder. */
  isDevice?: boolean
}

/** The devices of the Pod's volumes that the container has. Throws an Error for one that cannot be had. */
// pkg/kubelet/kubelet_pods.go makeBlockVolumes
export function volumeDevices(container: Container, volume: (name: string) => MountedVolume | undefined): Device[] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    if (!path.posix.isAbsolute(devicePath))
      throw new Error(`error DevicePath \`${devicePath}\` must be an absolute path`)
    const found = volume(name)
    if (!found?.isDevice) throw new Error(`cannot find volume "${name}" to pass into container "${container.name}"`)
    return { hostPath: found.path, containerPath: devicePath, permissions: found.readonly ? 'r' : 'mrw' }
  })
}

/** The container's volume mounts. `env` serves subPathExpr. Throws an Error for a mount that cannot be made. */
// pkg/kubelet/kubelet_pods.go makeMounts
export async function volumeMounts(
  container: Container,
  volume: (name: string) => MountedVolume | undefined,
  env: ReadonlyMap<string, string>,
  podDir: string,
  signal: AbortSignal,
): Promise<Mount[]> {
  const mounts: Mount[] = []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const found = volume(mount.name)
    if (!found || found.isDevice)
      throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    refuseRecursiveReadOnly(mount)
    const inside = mount.subPathExpr ? expandSubPath(mount.subPathExpr, env) : (mount.subPath ?? '')
    const target = path.join(podDir, 'volume-subpaths', mount.name, container.name, String(index))
    const hostPath = inside === '' ? found.path : await subPath(found.path, inside, mount, container, target, signal)
    mounts.push({
      hostPath,
      containerPath: path.posix.isAbsolute(mount.mountPath) ? mount.mountPath : `/${mount.mountPath}`,
      readonly: (mount.readOnly ?? false) || found.readonly,
      propagation: propagation(mount),
    })
  }
  return mounts
}

/** What is read-only all the way down is more than Docker promises; where less is enough, less it is. */
// kubelet_pods.go resolveRecursiveReadOnly
function refuseRecursiveReadOnly({ name, readOnly, mountPropagation = 'None', recursiveReadOnly }: VolumeMount): void {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return
  const fails = (why: string): never => {
    const message = `volume "${name}" requested recursive read-only mode, but it is ${why}`
    throw new Error(`failed to resolve recursive read-only mode: ${message}`)
  }
  if (!readOnly) fails('not read-only')
  if (mountPropagation !== 'None') fails(`not compatible with propagation "${mountPropagation}"`)
  if (recursiveReadOnly !== 'IfPossible') fails('not supported by the runtime')
}

function propagation(mount: VolumeMount): Mount['propagation'] {
  if (mount.mountPropagation === 'HostToContainer') return 'rslave'
  return mount.mountPropagation === 'Bidirectional' ? 'rshared' : 'private'
}

function expandSubPath(expression: string, env: ReadonlyMap<string, string>): string {
  return expand(expression, (name) => {
    const value = env.get(name)
    if (value === undefined) throw new Error(`missing value for "${name}"`)
    return value
  })
}

/** The place of a part of the volume, bound where nobody can change it under the runtime. */
async function subPath(
  volume: string,
  inside: string,
  mount: VolumeMount,
  container: Container,
  target: string,
  signal: AbortSignal,
): Promise<string> {
  if (path.posix.isAbsolute(inside)) throw new Error(`error SubPath \`${inside}\` must not be an absolute path`)
  if (inside.split('/').includes('..')) {
    throw new Error(`unable to provision SubPath \`${inside}\`: must not contain '..'`)
  }
  // what exactly is wrong would tell of the node's file system
  const about = `subPath directory for volumeMount "${mount.name}" of container "${container.name}"`
  await makeSubPath(volume, inside).catch(() => {
    throw new Error(`failed to create ${about}`)
  })
  await bindSubPath({ volume, inside, target }, signal).catch(() => {
    signal.throwIfAborted()
    throw new Error(`failed to prepare ${about.replace(' directory', '')}`)
  })
  return target
}
