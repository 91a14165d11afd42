import type { PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { CSINode } from '@kubets/shared/api/types/storage-v1.ts'
import { claimClass } from '@kubets/shared/api/volume-binding.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { rejected, type Plugin } from '../framework/plugin.ts'
import { driverOn, isMigratable, translated, type DriverVolume } from '../volumes/migrated.ts'
import { usedClaims, type VolumeObjects } from '../volumes/objects.ts'

const tooMany = rejected('node(s) exceed max volume count')

/** The drivers' volumes of a Pod on a node: driver by what tells one volume from another. */
// pkg/scheduler/framework/plugins/nodevolumelimits/csi.go filterAttachableVolumes
function attachable(pod: Pod, csiNode: CSINode, objects: VolumeObjects): Map<string, string> {
  const found = new Map<string, string>()
  const add = (driver: string | undefined, handle: string): void => {
    if (driver !== undefined && driver !== '') found.set(`${driver}/${handle}`, driver)
  }
  for (const volume of pod.spec.volumes ?? []) {
    const moved = translated(volume)
    if (moved) add(driverOn(csiNode, moved.plugin), moved.handle)
  }
  for (const { key } of usedClaims(pod)) {
    const claim = objects.claim(key)
    if (!claim) continue
    const volume = objects.volume(claim.spec?.volumeName ?? '')
    if (volume) {
      const known = driverVolume(volume, csiNode)
      if (known) add(known.driver, known.handle)
      continue
    }
    // a volume that is yet to be made will need its place too
    const provisioner = objects.storageClass(claimClass(claim))?.provisioner ?? ''
    add(isMigratable(provisioner) ? driverOn(csiNode, provisioner) : provisioner, `unbound/${key}`)
  }
  return found
}

/** Whether a driver may attach volumes of the Pod. */
const mayCount = (pod: Pod): boolean =>
  usedClaims(pod).length > 0 || (pod.spec.volumes ?? []).some((volume) => translated(volume) !== undefined)

// pkg/scheduler/framework/plugins/nodevolumelimits/csi.go getCSIDriverInfo
function driverVolume({ metadata, spec }: PersistentVolume, csiNode: CSINode): DriverVolume | undefined {
  if (spec?.csi) return { driver: spec.csi.driver, handle: spec.csi.volumeHandle }
  const moved = spec && translated(spec, metadata.labels)
  const driver = moved && driverOn(csiNode, moved.plugin)
  return driver === undefined ? undefined : { driver, handle: moved?.handle ?? '' }
}

/** Attaches no more volumes to a node than its drivers can. */
// pkg/scheduler/framework/plugins/nodevolumelimits/csi.go
export function nodeVolumeLimits(objects: VolumeObjects): Plugin {
  return {
    name: 'NodeVolumeLimits',
    preFilter({ pod }) {
      if (!mayCount(pod)) return undefined
      return (node) => {
        const csiNode = objects.csiNode(node.name)
        if (!csiNode) return undefined
        const limits = new Map<string, number>()
        for (const { name, allocatable } of csiNode.spec.drivers ?? []) {
          if (allocatable?.count !== undefined) limits.set(name, allocatable.count)
        }
        if (limits.size === 0) return undefined
        const wanted = attachable(pod, csiNode, objects)
        if (wanted.size === 0) return undefined
        const there = new Map<string, string>()
        for (const other of node.pods.values())
          for (const [id, driver] of attachable(other.pod, csiNode, objects)) there.set(id, driver)
        for (const { spec } of objects.attachments(node.name)) {
          const volume = objects.volume(spec.source.persistentVolumeName ?? '')
          const known = volume && driverVolume(volume, csiNode)
          if (known) there.set(`${known.driver}/${known.handle}`, known.driver)
        }
        const counts = new Map<string, number>()
        const count = (driver: string) => counts.set(driver, (counts.get(driver) ?? 0) + 1)
        for (const driver of there.values()) count(driver)
        const added = new Set<string>()
        for (const [id, driver] of wanted) {
          if (there.has(id)) continue
          count(driver)
          added.add(driver)
        }
        const full = [...added].some((driver) => (counts.get(driver) ?? 0) > (limits.get(driver) ?? Infinity))
        return full ? tooMany : undefined
      }
    },
    queueingHint({ pod }, event) {
      switch (event.kind) {
        case 'AssignedPodDelete':
          return mayCount(event.pod.pod)
        case 'CSINodeChange':
        case 'AttachmentDelete':
          return true
        case 'ClaimChange':
          return usedClaims(pod).some(({ key }) => key === objectKey(event.claim))
        default:
          return false
      }
    },
  }
}
