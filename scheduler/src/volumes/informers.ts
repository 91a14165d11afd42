import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
} from '@kubets/shared/api/resources.gen.ts'
import type { InformerFactory } from '@kubets/shared/client/informer.ts'
import type { ClusterEvent } from '../framework/events.ts'
import type { VolumeObjects } from './objects.ts'

const byNode = 'node'

/** Storage as the informers know it. */
export function volumeObjects(informers: InformerFactory): VolumeObjects {
  const { lister: claims } = informers.informer(persistentVolumeClaims)
  const { lister: volumes } = informers.informer(persistentVolumes)
  const { lister: classes } = informers.informer(storageClasses)
  const { lister: drivers } = informers.informer(csiDrivers)
  const { lister: capacities } = informers.informer(csiStorageCapacities)
  const { lister: nodes } = informers.informer(csiNodes)
  const attachments = informers.informer(volumeAttachments)
  attachments.addIndex(byNode, ({ spec }) => [spec.nodeName])
  return {
    claim: (key) => claims.byKey(key),
    volume: (name) => volumes.byKey(name),
    volumes: () => volumes.list(),
    storageClass: (name) => classes.byKey(name),
    driver: (name) => drivers.byKey(name),
    capacities: () => capacities.list(),
    csiNode: (name) => nodes.byKey(name),
    attachments: (node) => attachments.lister.byIndex(byNode, node),
  }
}

/** Tells of every change of storage that may let a Pod through. */
// pkg/scheduler/eventhandlers.go addAllEventHandlers
export function addVolumeHandlers(informers: InformerFactory, tell: (makeEvent: () => ClusterEvent) => void): void {
  const onWrite = <T>(event: (now: T, old: T | undefined) => ClusterEvent) => ({
    add: (now: T) => tell(() => event(now, undefined)),
    update: (old: T, now: T) => tell(() => event(now, old)),
  })
  informers.informer(persistentVolumeClaims).addHandler(onWrite((claim) => ({ kind: 'ClaimChange', claim })))
  informers.informer(persistentVolumes).addHandler(onWrite(() => ({ kind: 'VolumeChange' })))
  informers
    .informer(storageClasses)
    .addHandler(onWrite((storageClass, old) => ({ kind: 'StorageClassChange', old, storageClass })))
  informers.informer(csiDrivers).addHandler(onWrite(() => ({ kind: 'CSIDriverChange' })))
  informers.informer(csiStorageCapacities).addHandler(onWrite(() => ({ kind: 'StorageCapacityChange' })))
  informers.informer(csiNodes).addHandler(onWrite((_, old) => ({ kind: 'CSINodeChange', old })))
  informers.informer(volumeAttachments).addHandler({ delete: () => tell(() => ({ kind: 'AttachmentDelete' })) })
}
