import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { claimClass } from '@kubets/shared/api/volume-binding.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { rejected, type Plugin } from '../framework/plugin.ts'
import { usedClaims, type VolumeObjects } from '../volumes/objects.ts'

const tooMany = rejected('node(s) exceed max volume count')

/** The drivers' volumes of a Pod: driver by what tells one volume from another. */
// pkg/scheduler/framework/plugins/nodevolumelimits/csi.go filterAttachableVolumes
function attachable(pod: Pod, objects: VolumeObjects): Map<string, string> {
  const found = new Map<string, string>()
  for (const { key } of usedClaims(pod)) {
    const claim = objects.claim(key)
    if (!claim) continue
    const volume = objects.volume(claim.spec?.volumeName ?? '')
    const csi = volume?.spec?.csi
    if (csi) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
    // a volume that is yet to be made will need its place too
    else if (!volume) {
      const provisioner = objects.storageClass(claimClass(claim))?.provisioner
      if (provisioner) found.set(`${provisioner}/unbound/${key}`, provisioner)
    }
  }
  return found
}

/** Attaches no more volumes to a node than its drivers can. */
// pkg/scheduler/framework/plugins/nodevolumelimits/csi.go
export function nodeVolumeLimits(objects: VolumeObjects): Plugin {
  return {
    name: 'NodeVolumeLimits',
    preFilter({ pod }) {
      const wanted = attachable(pod, objects)
      if (wanted.size === 0) return undefined
      return (node) => {
        const limits = new Map<string, number>()
        for (const { name, allocatable } of objects.csiNode(node.name)?.spec.drivers ?? []) {
          if (allocatable?.count !== undefined) limits.set(name, allocatable.count)
        }
        if (limits.size === 0) return undefined
        const there = new Map<string, string>()
        for (const other of node.pods.values())
          for (const [id, driver] of attachable(other.pod, objects)) there.set(id, driver)
        for (const { spec } of objects.attachments(node.name)) {
          const csi = objects.volume(spec.source.persistentVolumeName ?? '')?.spec?.csi
          if (csi) there.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
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
          return usedClaims(event.pod.pod).length > 0
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
