import { parseQuantity, quantityOf, type Quantity } from '../../machinery/quantity.ts'
import type { PersistentVolumeClaim } from '../types/core-v1.ts'
import { one } from './amounts.ts'
import { countName, type Evaluator } from './evaluator.ts'
import { selects } from './scope-selector.ts'

const objectCountName = countName('', 'persistentvolumeclaims')
const names = ['persistentvolumeclaims', 'requests.storage']
const classSuffix = '.storageclass.storage.k8s.io/'
const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

// pkg/quota/v1/evaluator/core/persistent_volume_claims.go pvcEvaluator
export const claimEvaluator: Evaluator = {
  handles: ({ operation, subresource, object, old }) => {
    if (operation === 'DELETE') return false
    if (subresource === '') return true
    return subresource === 'status' && old !== undefined && claimChanges(old as Claim, object as Claim)
  },
  counts: (name) =>
    name === objectCountName || names.includes(name) || names.some((each) => name.endsWith(`${classSuffix}${each}`)),
  matchesScope: (scope, object) =>
    scope.scopeName === 'VolumeAttributesClass' && selects(scope, attributeClasses(object as Claim)),
  lacks: () => undefined,
  usage: (object) => {
    const claim = object as Claim
    const used = new Map<string, Quantity>([
      [objectCountName, one],
      ['persistentvolumeclaims', one],
    ])
    const storageClass = claim.metadata.annotations?.[classAnnotation] ?? claim.spec.storageClassName ?? ''
    if (storageClass !== '') used.set(`${storageClass}${classSuffix}persistentvolumeclaims`, one)
    const storage = storageOf(claim)
    if (storage) used.set('requests.storage', storage)
    if (storage && storageClass !== '') used.set(`${storageClass}${classSuffix}requests.storage`, storage)
    return used
  },
}

type Claim = PersistentVolumeClaim

/** Whether a change of a claim changes what quotas count. */
// persistent_volume_claims.go RequiresQuotaReplenish
export const claimChanges = (old: Claim, claim: Claim): boolean =>
  old.status?.allocatedResources?.['storage'] !== claim.status?.allocatedResources?.['storage'] ||
  attributeClasses(old).join() !== attributeClasses(claim).join()

// persistent_volume_claims.go getStorageUsage: what is asked for, or allocated where that is more, in whole bytes
const storageOf = ({ spec, status }: Claim): Quantity | undefined => {
  const text = spec.resources?.requests?.['storage']
  if (text === undefined) return undefined
  const asked = parseQuantity(text)
  const allocated = status?.allocatedResources?.['storage']
  const most = allocated !== undefined && parseQuantity(allocated).cmp(asked) > 0 ? parseQuantity(allocated) : asked
  return most.cmp(quantityOf(most.value())) === 0 ? most : quantityOf(most.value())
}

// persistent_volume_claims.go getReferencedVolumeAttributesClassNames
const attributeClasses = ({ spec, status }: Claim): string[] => {
  const given = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(given.filter((name) => name !== undefined && name !== ''))].sort() as string[]
}
