import { deviceClasses, resourceClaims, resourceSlices } from '@kubets/shared/api/resources.gen.ts'
import type { ResourceClaim, ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'
import type { InformerFactory } from '@kubets/shared/client/informer.ts'
import type { ClusterEvent } from '../framework/events.ts'
import type { ResourceObjects } from './objects.ts'
import type { TrackedClaims } from './tracked-claims.ts'

/** Claims, classes and slices as the informers know them. */
export function resourceObjects(informers: InformerFactory): ResourceObjects {
  const { lister: claims } = informers.informer(resourceClaims)
  const { lister: classes } = informers.informer(deviceClasses)
  const slices = informers.informer(resourceSlices)
  let known: readonly ResourceSlice[] | undefined
  const forget = (): void => void (known = undefined)
  slices.addHandler({ add: forget, update: forget, delete: forget })
  return {
    claim: (key) => claims.byKey(key),
    deviceClass: (name) => classes.byKey(name),
    slices: () => (known ??= slices.lister.list()),
  }
}

/** Keeps count of what claims have, and tells of every change that may let a Pod through. */
// pkg/scheduler/eventhandlers.go addAllEventHandlers
export function addResourceHandlers(
  informers: InformerFactory,
  tracked: TrackedClaims,
  tell: (makeEvent: () => ClusterEvent) => void,
): void {
  const tellClaim = (claim: ResourceClaim, old?: ResourceClaim): void =>
    tell(() => ({ kind: 'ResourceClaimChange', claim, old }))
  informers.informer(resourceClaims).addHandler({
    add(claim) {
      tracked.changed(claim)
      tellClaim(claim)
    },
    update(old, claim) {
      if (old.metadata.uid !== claim.metadata.uid) tracked.removed(old)
      tracked.changed(claim)
      tellClaim(claim, old)
    },
    delete(claim) {
      tracked.removed(claim)
      // what it had is free
      tellClaim({ ...claim, status: {} }, claim)
    },
  })
  const changes = (kind: 'DeviceClassChange' | 'ResourceSliceChange') => ({
    add: () => tell(() => ({ kind })),
    update: () => tell(() => ({ kind })),
  })
  informers.informer(deviceClasses).addHandler(changes('DeviceClassChange'))
  informers.informer(resourceSlices).addHandler(changes('ResourceSliceChange'))
}
