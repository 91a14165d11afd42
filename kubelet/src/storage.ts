import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { NodeAllocatable } from './containers/downward.ts'
import { AttachedVolumes } from './csi/attached.ts'
import { keepDriversUpdated } from './csi/driver-updates.ts'
import { CsiDrivers } from './csi/drivers.ts'
import { NodeInfo } from './csi/node-info.ts'
import { CsiVolumes } from './csi/volumes.ts'
import type { Recorder } from './events.ts'
import type { ObjectSource } from './objects.ts'
import type { PodManager } from './pods/manager.ts'
import { VolumeManager } from './volumes/manager.ts'
import { VolumeSources } from './volumes/sources.ts'

export interface StorageOptions {
  rootDir: string
  nodeName: string
  /** What Pods may use, which volumes of the downward API tell. */
  allocatable: NodeAllocatable
  client: Client
  objects: ObjectSource
  informers: { readonly node: Informer<Node>; readonly csiDrivers: Informer<CSIDriver> }
  recorder: Recorder
  /** The Pods of the node, asked only when all parts are there. */
  pods(): Pick<PodManager, 'refresh'>
  /** What the node's status says of volumes in use is no longer so. */
  nodeChanged(): void
  clock: Clock
  log: Logger
  lifetime: AbortSignal
}

/** What volumes come from. */
export interface Storage {
  /** What Node and CSINode tell of storage drivers. */
  readonly nodeInfo: NodeInfo
  /** The storage drivers of this node. */
  readonly drivers: CsiDrivers
  readonly attached: AttachedVolumes
  readonly csi: CsiVolumes
  /** The ConfigMaps and Secrets that volumes show. */
  readonly volumeSources: VolumeSources
  readonly volumes: VolumeManager
}

/** Puts it together, and reads which volumes of drivers an earlier kubelet left on the node. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { rootDir, nodeName, allocatable, client, objects, informers, recorder, clock, log, lifetime } = options
  const nodeInfo = new NodeInfo(client, clock, nodeName)
  const drivers = new CsiDrivers({ nodeInfo, clock, log })
  const attached = new AttachedVolumes({
    node: () => informers.node.lister.get(nodeName),
    changed: () => options.nodeChanged(),
    clock,
  })
  informers.node.addHandler({ add: () => attached.nodeChanged(), update: () => attached.nodeChanged() })
  keepDriversUpdated({ drivers, objects: informers.csiDrivers, clock, log, lifetime })
  const csi = new CsiVolumes({ rootDir, nodeName, drivers, objects, attached, recorder, clock, log })
  await csi.staged.load()
  const volumeSources = new VolumeSources({
    client,
    objects,
    clock,
    log,
    lifetime,
    changed: (uid) => options.pods().refresh(uid),
  })
  const volumes = new VolumeManager({ rootDir, objects: volumeSources.objects, allocatable, csi, clock })
  return { nodeInfo, drivers, attached, csi, volumeSources, volumes }
}
