import { claimNameOf, notMadeFor } from '@kubets/shared/api/resource-claims.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { DeviceClass, ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { choicesOf, requestsOf } from './requests.ts'

type Lookup<T> = (key: string) => T | undefined

/** The claims of the Pod; or why they are not there, or not for it. */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go foreachPodResourceClaim
export function podClaims(pod: Pod, claimByKey: Lookup<ResourceClaim>): ResourceClaim[] | string {
  const claims: ResourceClaim[] = []
  const { namespace = '' } = pod.metadata
  for (const podClaim of pod.spec.resourceClaims ?? []) {
    const named = claimNameOf(pod, podClaim)
    if (named === 'not needed') continue
    if (named === 'not made yet') {
      const of = `pod "${objectKey(pod)}"`
      return podClaim.resourceClaimTemplateName === undefined
        ? `${of}, spec.resourceClaim "${podClaim.name}": none of the supported fields are set`
        : `${of}: ResourceClaim not created yet`
    }
    const key = `${namespace}/${named.name}`
    const claim = claimByKey(key)
    if (!claim) return `could not find ResourceClaim "${key}"`
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${named.name}" is being deleted`
    const notMade = named.isMade ? notMadeFor(pod, claim) : undefined
    if (notMade !== undefined) return notMade
    claims.push(claim)
  }
  return claims
}

/** What keeps a claim from being allocated, wherever; undefined: nothing. Throws an Error for what is not known. */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go PreFilter, validateDeviceClass
export function claimObstacle(claim: ResourceClaim, deviceClass: Lookup<DeviceClass>): string | undefined {
  for (const request of requestsOf(claim)) {
    const choices = choicesOf(request)
    if (choices.length === 0) return `resource claim ${objectKey(claim)}, request ${request.name}: unknown request type`
    for (const { name, deviceClassName } of choices) {
      if (!deviceClassName) throw new Error(`request ${name}: unsupported request type`)
      if (!deviceClass(deviceClassName)) return `request ${name}: device class ${deviceClassName} does not exist`
    }
  }
  return undefined
}
