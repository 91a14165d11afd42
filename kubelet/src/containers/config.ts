import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Container, EphemeralContainer, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { DeviceOptions } from '../devices/model.ts'
import type { ObjectSource } from '../objects.ts'
import { keys } from '../pods/model.ts'
import type { ContainerConfig, Image, Mount } from '../runtime/types.ts'
import type { NodeAllocatable, PodAddresses } from './downward.ts'
import { containerEnv } from './env.ts'
import { expand } from './expansion.ts'
import { volumeDevices, volumeMounts, type MountedVolume } from './mounts.ts'
import { linuxResources } from './resources.ts'
import { containerSecurity } from './security.ts'

export interface ConfigContext {
  pod: Pod
  container: Container
  attempt: number
  backOffSeconds: number
  image: Image
  addresses: PodAddresses
  objects: ObjectSource
  allocatable: NodeAllocatable
  nodeMemoryBytes: number
  /** What it needs for its devices. */
  devices: DeviceOptions
  /** The names of what its claims give it. */
  cdiDevices: readonly string[]
  /** The CPUs it is on, as 0-2,4 ('' for any), and whether it is alone there. */
  cpus: { affinity: string; exclusive: boolean }
  /** The kubelet's folder for this Pod. */
  podDir: string
  /** Where seccomp profiles of the node are. */
  seccompDir: string
  volume(name: string): MountedVolume | undefined
  /** The id of the newest container of that name in this Pod. */
  containerId(name: string): string | undefined
  /** Files the kubelet keeps for the Pod: /etc/hosts and the like. */
  systemMounts: readonly Mount[]
}

/** Everything the runtime must know to create the container. Throws an Error. */
// pkg/kubelet/kuberuntime/kuberuntime_container.go generateContainerConfig
export async function containerConfig(context: ConfigContext, signal: AbortSignal): Promise<ContainerConfig> {
  const { pod, container, attempt } = context
  const { devices } = context
  const env = new Map([...devices.envs, ...(await containerEnv(context, signal))])
  const lookup = (name: string): string | undefined => env.get(name)
  const security = await containerSecurity(pod, container, context.image, (name) =>
    readFile(path.join(context.seccompDir, name), 'utf8').catch(() => {
      throw new Error(`cannot load seccomp profile "${name}"`)
    }),
  )
  const ofVolumes = await volumeMounts(container, (name) => context.volume(name), env, context.podDir, signal)
  const mounts = [...devices.mounts.map((one): Mount => ({ ...one, propagation: 'private' })), ...ofVolumes]
  const taken = new Set(mounts.map((mount) => mount.containerPath))
  // as the runtime will name it when it tells of its mounts
  const messagePath = path.posix.join('/', container.terminationMessagePath ?? '/dev/termination-log')
  return {
    name: container.name,
    attempt,
    image: container.image ?? '',
    command: (container.command ?? []).map((part) => expand(part, lookup)),
    args: (container.args ?? []).map((part) => expand(part, lookup)),
    workingDir: container.workingDir ?? '',
    stopSignal: container.lifecycle?.stopSignal ?? '',
    env: [...env].map(([name, value]) => `${name}=${value}`),
    mounts: [
      ...mounts,
      ...context.systemMounts.filter((mount) => !taken.has(mount.containerPath)),
      await terminationLog(context, messagePath),
    ],
    devices: [...devices.devices, ...volumeDevices(container, (name) => context.volume(name))],
    cdiDevices: context.cdiDevices,
    labels: {
      [keys.backOff]: String(context.backOffSeconds),
      [keys.terminationMessagePath]: messagePath,
      [keys.terminationMessagePolicy]: container.terminationMessagePolicy ?? 'File',
      [keys.gracePeriod]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
    },
    annotations: Object.fromEntries(devices.annotations),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    resources: {
      ...linuxResources(pod, container, context.nodeMemoryBytes, context.cpus.exclusive),
      ...(context.cpus.affinity === '' ? {} : { cpusetCpus: context.cpus.affinity }),
    },
    security,
    pidTarget: pidTarget(container, context),
  }
}

// pkg/kubelet/kuberuntime/kuberuntime_container.go startSpec.getTargetID
function pidTarget(container: Container, { containerId }: ConfigContext): string | undefined {
  const name = (container as EphemeralContainer).targetContainerName ?? ''
  if (name === '') return undefined
  const id = containerId(name)
  if (id === undefined) throw new Error(`unable to find target container ${name}`)
  return id
}

// each instance writes its last words into a file of its own
async function terminationLog(context: ConfigContext, containerPath: string): Promise<Mount> {
  const folder = path.join(context.podDir, 'containers', context.container.name)
  const hostPath = path.join(folder, String(context.attempt))
  await mkdir(folder, { recursive: true, mode: 0o750 })
  await writeFile(hostPath, '')
  // writable by whatever user the container has, against the umask too
  await chmod(hostPath, 0o666)
  return { hostPath, containerPath, readonly: false, propagation: 'private' }
}
