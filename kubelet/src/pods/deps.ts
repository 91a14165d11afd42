import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { PodCgroups } from '../cgroups/pods.ts'
import type { NodeAllocatable } from '../containers/downward.ts'
import type { CpuManager } from '../cpus/manager.ts'
import type { DraManager } from '../dra/manager.ts'
import type { Recorder } from '../events.ts'
import type { DeviceManager } from '../devices/manager.ts'
import type { NodeKeyring } from '../images/ensure.ts'
import type { PulledImages } from '../images/pulled-images.ts'
import type { ImagePuller } from '../images/puller.ts'
import type { ReclaimMetrics } from '../metrics.ts'
import type { DnsSettings } from '../network/resolv-conf.ts'
import type { ObjectSource } from '../objects.ts'
import type { ProbeManager } from '../probes/manager.ts'
import type { Runtime } from '../runtime/types.ts'
import type { VolumeManager } from '../volumes/manager.ts'
import type { VolumeSources } from '../volumes/sources.ts'
import type { Allocations } from './allocations.ts'
import type { PodMetrics } from './metrics.ts'
import type { SysctlAllowlist } from './sysctls.ts'

/** What the work on Pods needs of the rest of the kubelet. */
export interface PodDeps {
  runtime: Runtime
  volumes: VolumeManager
  volumeSources: Pick<VolumeSources, 'follow' | 'forget'>
  allocations: Allocations
  cgroups: PodCgroups
  cpus: CpuManager
  devices: DeviceManager
  dra: DraManager
  probes: ProbeManager
  puller: ImagePuller
  pulled: Pick<PulledImages, 'mustPull'>
  keyring: NodeKeyring
  objects: ObjectSource
  recorder: Recorder
  metrics: Pick<ReclaimMetrics, 'preempted'> & PodMetrics
  network: { readonly problem: string | undefined; allowHairpin(): Promise<void> }
  node: NodeFacts
  dns: DnsSettings
  clock: Clock
  log: Logger
  /** The kubelet's own life. */
  lifetime: AbortSignal
}

export interface NodeFacts {
  name: string
  /** The node's addresses, preferred one first. */
  ips: readonly string[]
  allocatable: NodeAllocatable
  memoryBytes: number
  seccompDir: string
  /** The longest that a container which ends again and again waits for its next start. */
  maxContainerRestartMs: number
  /** The kernel settings that Pods may have here. */
  sysctls: SysctlAllowlist
  /** Whether the kernel enforces AppArmor profiles. */
  appArmor: boolean
}
