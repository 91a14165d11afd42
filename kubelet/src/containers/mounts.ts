import { mkdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Container, VolumeMount } from '@kubets/shared/api/types/core-v1.ts'
import type { Mount } from '../runtime/types.ts'
import { ConfigError } from './config-error.ts'
import { expand } from './expansion.ts'

/** Where a volume of the Pod is on the node, and whether it may be written. */
export interface MountedVolume {
  path: string
  readonly: boolean
}

/** The container's volume mounts. `env` serves subPathExpr. Throws ConfigError for a mount that cannot be made. */
// pkg/kubelet/kubelet_pods.go makeMounts
export async function volumeMounts(
  container: Container,
  volume: (name: string) => MountedVolume | undefined,
  env: ReadonlyMap<string, string>,
): Promise<Mount[]> {
  const mounts: Mount[] = []
  for (const mount of container.volumeMounts ?? []) {
    const found = volume(mount.name)
    if (!found) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    const inside = mount.subPathExpr ? expandSubPath(mount.subPathExpr, env) : (mount.subPath ?? '')
    const hostPath = inside === '' ? found.path : await subPath(found.path, inside, mount)
    mounts.push({
      hostPath,
      containerPath: path.posix.isAbsolute(mount.mountPath) ? mount.mountPath : `/${mount.mountPath}`,
      readonly: (mount.readOnly ?? false) || found.readonly,
      propagation: propagation(mount),
    })
  }
  return mounts
}

function propagation(mount: VolumeMount): Mount['propagation'] {
  if (mount.mountPropagation === 'HostToContainer') return 'rslave'
  return mount.mountPropagation === 'Bidirectional' ? 'rshared' : 'private'
}

function expandSubPath(expression: string, env: ReadonlyMap<string, string>): string {
  return expand(expression, (name) => {
    const value = env.get(name)
    if (value === undefined) throw new ConfigError(`missing value for "${name}"`)
    return value
  })
}

// pkg/volume/util/subpath/subpath_linux.go SafeMakeDir: a symlink in the volume must not lead out of it
async function subPath(volume: string, inside: string, mount: VolumeMount): Promise<string> {
  if (path.posix.isAbsolute(inside) || inside.split('/').includes('..')) {
    throw new ConfigError(`subPath "${inside}" of volume "${mount.name}" must be a relative path without '..'`)
  }
  const root = await realpath(volume)
  let at = root
  for (const part of inside.split('/').filter((one) => one !== '' && one !== '.')) {
    const next = path.join(at, part)
    await mkdir(next, { mode: 0o750 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw new ConfigError(`failed to create subPath directory for "${mount.name}"`)
    })
    at = await realpath(next).catch(() => next)
    if (at !== root && !at.startsWith(`${root}/`)) {
      throw new ConfigError(`subPath "${inside}" of volume "${mount.name}" leads out of the volume`)
    }
  }
  await stat(at)
  return at
}
