import { claimClass } from '@kubets/shared/api/volume-binding.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { unresolvable, type Plugin, type Rejection } from '../framework/plugin.ts'
import { usedClaims, type UsedClaim, type VolumeObjects } from '../volumes/objects.ts'

const elsewhere = unresolvable('node(s) had no available volume zone')

/** The labels that say where a volume is, with the name of today for those of before. */
const topologyKeys: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
}
const oldKeys: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'failure-domain.beta.kubernetes.io/region',
}

interface Place {
  /** In the name of today. */
  readonly key: string
  readonly values: ReadonlySet<string>
}

/** Where a claim's volume must be used; a rejection when that cannot be known. */
// pkg/scheduler/framework/plugins/volumezone/volume_zone.go getPVbyPod
function placesOf({ name, key }: UsedClaim, objects: VolumeObjects): Place[] | Rejection {
  if (name === '') return unresolvable('PersistentVolumeClaim had no name')
  const claim = objects.claim(key)
  if (!claim) return unresolvable(`persistentvolumeclaim ${JSON.stringify(name)} not found`)
  const volumeName = claim.spec?.volumeName
  if (!volumeName) {
    const className = claimClass(claim)
    if (className === '') return unresolvable('PersistentVolumeClaim had no pv name and storageClass name')
    const storageClass = objects.storageClass(className)
    const quoted = JSON.stringify(className)
    if (!storageClass) return unresolvable(`storageclass.storage.k8s.io ${quoted} not found`)
    if (!storageClass.volumeBindingMode) return unresolvable(`VolumeBindingMode not set for StorageClass ${quoted}`)
    // its place is VolumeBinding's to choose
    return storageClass.volumeBindingMode === 'WaitForFirstConsumer' ? [] : unresolvable('PersistentVolume had no name')
  }
  const volume = objects.volume(volumeName)
  if (!volume) return unresolvable(`persistentvolume ${JSON.stringify(volumeName)} not found`)
  return Object.entries(volume.metadata.labels ?? {}).flatMap(([label, text]) => {
    const today = Object.hasOwn(topologyKeys, label) ? topologyKeys[label] : undefined
    return today === undefined ? [] : [{ key: today, values: new Set(text.split('__')) }]
  })
}

/** Lets a Pod only into the zones of its volumes. */
// pkg/scheduler/framework/plugins/volumezone/volume_zone.go
export function volumeZone(objects: VolumeObjects): Plugin {
  return {
    name: 'VolumeZone',
    preFilter({ pod }) {
      const places: Place[] = []
      for (const used of usedClaims(pod)) {
        const found = placesOf(used, objects)
        if ('reasons' in found) return found
        places.push(...found)
      }
      if (places.length === 0) return undefined
      return ({ labels }) => {
        // a node that lies nowhere is good for every volume
        if (!Object.keys(topologyKeys).some((key) => labels[key] !== undefined)) return undefined
        const fits = places.every(({ key, values }) => values.has(labels[key] ?? labels[oldKeys[key] ?? ''] ?? ''))
        return fits ? undefined : elsewhere
      }
    },
    queueingHint({ pod }, event) {
      switch (event.kind) {
        case 'NodeAdd':
        case 'VolumeChange':
          return true
        case 'StorageClassChange':
          return event.old === undefined
        case 'NodeUpdate':
          return !deepEqual(event.old.metadata.labels, event.node.metadata.labels)
        case 'ClaimChange':
          return usedClaims(pod).some(({ key }) => key === objectKey(event.claim))
        default:
          return false
      }
    },
  }
}
