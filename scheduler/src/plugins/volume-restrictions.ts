import type { Volume } from '@kubets/shared/api/types/core-v1.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import { rejected, unresolvable, type Plugin, type Rejection } from '../framework/plugin.ts'
import { usedClaims, type VolumeObjects } from '../volumes/objects.ts'

const diskInUse = rejected('node(s) had no available disk')
const claimInUse = rejected(
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
)

/** Whether two Pods of one node cannot both have these volumes. */
// pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go isVolumeConflict
function conflict(a: Volume, b: Volume): boolean {
  const onlyRead = (one: { readOnly?: boolean }, other: { readOnly?: boolean }): boolean =>
    Boolean(one.readOnly) && Boolean(other.readOnly)
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    const [one, other] = [a.gcePersistentDisk, b.gcePersistentDisk]
    if (one.pdName === other.pdName && !onlyRead(one, other)) return true
  }
  if (a.awsElasticBlockStore && a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore?.volumeID) return true
  if (a.iscsi && b.iscsi && a.iscsi.iqn === b.iscsi.iqn && !onlyRead(a.iscsi, b.iscsi)) return true
  if (!a.rbd || !b.rbd) return false
  const [{ monitors, pool = '', image }, other] = [a.rbd, b.rbd]
  const sameMonitor = monitors.some((monitor) => other.monitors.includes(monitor))
  return sameMonitor && pool === (other.pool ?? '') && image === other.image && !onlyRead(a.rbd, other)
}

const isExclusive = ({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: Volume): boolean =>
  Boolean(gcePersistentDisk ?? awsElasticBlockStore ?? iscsi ?? rbd)

/** Keeps Pods apart that want a disk or a claim for themselves. */
// pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go
export function volumeRestrictions(objects: Pick<VolumeObjects, 'claim'>): Plugin {
  const diskFilter = (disks: readonly Volume[], node: NodeInfo): Rejection | undefined => {
    for (const { pod } of node.pods.values()) {
      if (pod.spec.volumes?.some((theirs) => disks.some((ours) => conflict(ours, theirs)))) return diskInUse
    }
    return undefined
  }
  return {
    name: 'VolumeRestrictions',
    preFilter({ pod, claims }, snapshot) {
      const disks = (pod.spec.volumes ?? []).filter(isExclusive)
      const alone = new Set<string>()
      for (const key of claims) {
        const claim = objects.claim(key)
        if (!claim) return unresolvable(`persistentvolumeclaim ${JSON.stringify(key.split('/')[1])} not found`)
        if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) alone.add(key)
      }
      if (disks.length === 0 && alone.size === 0) return undefined
      let users = 0
      for (const key of alone) users += snapshot.claimUsers(key)
      const filter = (node: NodeInfo) => diskFilter(disks, node) ?? (users > 0 ? claimInUse : undefined)
      return Object.assign(filter, {
        shift(other: PodInfo, _node: NodeInfo, sign: 1 | -1) {
          for (const key of other.claims) if (alone.has(key)) users += sign
        },
      })
    },
    queueingHint({ pod, claims }, event) {
      if (event.kind === 'ClaimChange') return usedClaims(pod).some(({ key }) => key === objectKey(event.claim))
      if (event.kind !== 'AssignedPodDelete') return false
      if (event.pod.claims.some((key) => claims.includes(key))) return true
      const theirs = event.pod.pod.spec.volumes ?? []
      return (pod.spec.volumes ?? []).some((ours) => theirs.some((other) => conflict(ours, other)))
    },
  }
}
