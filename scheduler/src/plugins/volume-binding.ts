import { boundVolume } from '@kubets/shared/api/volume-binding.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { defaultArgs } from '../config/args.ts'
import type { Plugin } from '../framework/plugin.ts'
import type { AssumedVolumes } from '../volumes/assumed.ts'
import { placed, type VolumeBinder } from '../volumes/binder.ts'
import { claimsOf, findVolumes, type PodVolumes } from '../volumes/find.ts'
import { usedClaims } from '../volumes/objects.ts'

/** Lets a Pod only where its volumes are, or can be; then promises them to it and waits until they are its own. */
// pkg/scheduler/framework/plugins/volumebinding/volume_binding.go
export function volumeBinding(
  objects: AssumedVolumes,
  binder: Pick<VolumeBinder, 'bind'>,
  args = defaultArgs.VolumeBinding,
): Plugin {
  /** What is boundVolume to Pods on their way to a node, by uid. */
  const reserved = new Map<string, PodVolumes>()
  return {
    name: 'VolumeBinding',
    preFilter({ pod }) {
      const claims = claimsOf(pod, objects)
      if (!claims || 'reasons' in claims) return claims
      return ({ node }) => {
        const found = node && findVolumes(claims, node, objects)
        return found && 'reasons' in found ? found : undefined
      }
    },
    reserve({ pod, uid }, { node }) {
      const claims = claimsOf(pod, objects)
      if (!claims || !node) return undefined
      if ('reasons' in claims) return claims
      const found = findVolumes(claims, node, objects)
      if ('reasons' in found) return found
      const name = node.metadata.name ?? ''
      const bindings = found.bindings.map(({ claim, volume }) => ({ claim, volume: boundVolume(volume, claim) }))
      const provisions = found.provisions.map((claim) => placed(claim, name))
      if (bindings.length + provisions.length === 0) return undefined
      for (const { volume } of bindings) objects.assumeVolume(volume)
      for (const claim of provisions) objects.assumeClaim(claim)
      reserved.set(uid, { bindings, provisions })
      return undefined
    },
    unreserve({ uid }) {
      const volumes = reserved.get(uid)
      if (!volumes) return
      for (const { volume } of volumes.bindings) objects.forgetVolume(volume)
      for (const claim of volumes.provisions) objects.forgetClaim(claim)
      reserved.delete(uid)
    },
    willPreBind: ({ uid }) => reserved.has(uid),
    async preBind({ pod, uid }, node, signal) {
      const volumes = reserved.get(uid)
      if (!volumes) return
      await binder.bind(objectKey(pod), node, volumes, args.bindTimeoutSeconds * 1000, signal)
      reserved.delete(uid)
    },
    queueingHint({ pod }, event) {
      switch (event.kind) {
        case 'NodeAdd':
        case 'VolumeChange':
        case 'StorageCapacityChange':
        case 'CSIDriverChange':
          return true
        case 'CSINodeChange':
          return event.old === undefined
        case 'NodeUpdate':
          return !deepEqual(event.old.metadata.labels, event.node.metadata.labels)
        case 'ClaimChange':
          return usedClaims(pod).some(({ key }) => key === objectKey(event.claim))
        case 'StorageClassChange':
          return !deepEqual(event.old?.allowedTopologies, event.storageClass.allowedTopologies) || !event.old
        default:
          return false
      }
    },
  }
}
