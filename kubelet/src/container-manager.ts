import path from 'node:path'
import type { Registry } from 'prom-client'
import type { ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { PodCgroups, type PodCgroupsOptions } from './cgroups/pods.ts'
import { CpuManager, type CpuManagerOptions } from './cpus/manager.ts'
import { DeviceManager } from './devices/manager.ts'
import { deviceMetrics } from './devices/metrics.ts'
import { DraManager } from './dra/manager.ts'
import { claimsInUse, draMetrics } from './dra/metrics.ts'
import type { Recorder } from './events.ts'
import type { PodManager } from './pods/manager.ts'
import type { Runtime } from './runtime/types.ts'

export interface ContainerManagerOptions {
  cgroups: Pick<PodCgroupsOptions, 'tree' | 'root' | 'share' | 'podPidsLimit' | 'pageSizes'>
  cpus: Pick<CpuManagerOptions, 'policy' | 'policyOptions' | 'reconcileMs' | 'topology' | 'reservedMilli' | 'reserved'>
  nodeName: string
  rootDir: string
  client: Client
  runtime: Runtime
  registry: Registry
  recorder: Recorder
  node: ObjectReference
  /** The Pods of the node, asked only when all parts are there. */
  pods(): Pick<PodManager, 'active' | 'occupied' | 'isGone'>
  /** The node has more devices, or fewer. */
  nodeChanged(): void
  clock: Clock
  log: Logger
  lifetime: AbortSignal
}

/** Who has what of the machine. */
export interface ContainerManager {
  /** What Pods may use of CPUs, memory and processes. */
  readonly cgroups: PodCgroups
  /** CPUs that containers have alone. */
  readonly cpus: CpuManager
  /** Devices of device plugins. */
  readonly devices: DeviceManager
  /** Devices that Pods claim. */
  readonly dra: DraManager
}

/** Goes on with what an earlier kubelet wrote down. Rejects when that, or a setting, does not fit the machine. */
// pkg/kubelet/cm/container_manager_linux.go NewContainerManager
export async function openContainerManager(options: ContainerManagerOptions): Promise<ContainerManager> {
  const { nodeName, rootDir, client, runtime, registry, recorder, node, pods, clock, log, lifetime } = options
  const cgroups = new PodCgroups({
    ...options.cgroups,
    runtime,
    pods: () => pods().active(),
    unlimitedCpu: (uid) => cpus.hasExclusive(uid),
    recorder,
    node,
    log,
  })
  const cpus = await CpuManager.open({
    ...options.cpus,
    rootDir,
    runtime,
    occupied: () => pods().occupied(),
    clock,
    log,
  })
  const devices = new DeviceManager({
    folder: path.join(rootDir, 'device-plugins'),
    runtime,
    occupied: () => pods().occupied(),
    changed: () => options.nodeChanged(),
    metrics: deviceMetrics(registry),
    clock,
    log,
    lifetime,
  })
  const dra = await DraManager.open({
    rootDir,
    nodeName,
    client,
    isGone: (uid) => pods().isGone(uid),
    metrics: draMetrics(registry),
    clock,
    log,
    lifetime,
  })
  claimsInUse(registry, () => dra.inUse())
  return { cgroups, cpus, devices, dra }
}
