import { quantityOf, type Quantity } from '../../machinery/quantity.ts'
import type { ResourceClaim } from '../types/resource-v1.ts'
import { one } from './amounts.ts'
import { countName, type Evaluator } from './evaluator.ts'

const objectCountName = countName('resource.k8s.io', 'resourceclaims')
const classSuffix = '.deviceclass.resource.k8s.io/devices'
// How many devices "all" may turn out to be; staging/src/k8s.io/api/resource/v1/types.go AllocationResultsMaxSize
const allDevices = 32

// pkg/quota/v1/evaluator/core/resource_claims.go claimEvaluator
export const resourceClaimEvaluator: Evaluator = {
  handles: ({ operation, subresource }) => operation !== 'DELETE' && subresource === '',
  counts: (name) => name === objectCountName || name.endsWith(classSuffix),
  matchesScope: () => false,
  lacks: () => undefined,
  usage: (object) => {
    const used = new Map<string, Quantity>([[objectCountName, one]])
    for (const [deviceClass, count] of devices(object as ResourceClaim))
      used.set(`${deviceClass}${classSuffix}`, quantityOf(count))
    return used
  },
}

interface Wanted {
  deviceClassName: string
  allocationMode?: string
  count?: number
}

/** The most devices of each class that the claim may be given: of alternatives, the largest. */
const devices = ({ spec }: ResourceClaim): Map<string, number> => {
  const total = new Map<string, number>()
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const most = new Map<string, number>()
    const alternatives: Wanted[] = exactly ? [exactly] : firstAvailable
    for (const { deviceClassName, allocationMode, count = 1 } of alternatives) {
      const wanted = allocationMode === 'All' ? allDevices : count
      most.set(deviceClassName, Math.max(most.get(deviceClassName) ?? 0, wanted))
    }
    for (const [name, count] of most) total.set(name, (total.get(name) ?? 0) + count)
  }
  return total
}
