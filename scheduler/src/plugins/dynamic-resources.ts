import { canBeReserved, isReservedFor } from '@kubets/shared/api/resource-claims.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { AllocationResult, ResourceClaim, ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { PluginArgs } from '../config/args.ts'
import { allocate, NodeError } from '../dynamic-resources/allocator.ts'
import { hasConditions, isHopeless, isOverdue, isPrepared } from '../dynamic-resources/binding-conditions.ts'
import type { ClaimBinder } from '../dynamic-resources/binder.ts'
import type { ResourceObjects } from '../dynamic-resources/objects.ts'
import { claimObstacle, podClaims } from '../dynamic-resources/pod-claims.ts'
import { poolsOf, selectorMatches, type Pools } from '../dynamic-resources/pools.ts'
import { requestsOf } from '../dynamic-resources/requests.ts'
import type { TrackedClaims } from '../dynamic-resources/tracked-claims.ts'
import type { ClusterEvent } from '../framework/events.ts'
import { normalizeScores } from '../framework/normalize.ts'
import { unresolvable, type Plugin, type Rejection } from '../framework/plugin.ts'

export interface DynamicResourcesOptions {
  readonly objects: ResourceObjects
  readonly claims: TrackedClaims
  readonly binder: Pick<ClaimBinder, 'bind' | 'release' | 'deallocate'>
  readonly clock: Clock
  /** Tells users that the Pod waits for its devices on the node. */
  readonly waits: (pod: Pod, node: string) => void
  readonly newShareID: () => string
}

/** What is known of a Pod's claims in one cycle. */
interface Cycle {
  readonly pod: PodInfo
  readonly claims: readonly ResourceClaim[]
  /** Those that have nothing yet. */
  readonly toAllocate: readonly ResourceClaim[]
  /** By node, in the order of `toAllocate`. */
  readonly verdicts: Map<string, readonly AllocationResult[] | Rejection>
  /** Those whose devices some node does not reach. */
  readonly unavailable: Set<ResourceClaim>
}

/** How many ways there may be to satisfy a request. */
// k8s.io/api/resource/v1/types.go FirstAvailableDeviceRequestMaxSize
const maxChoices = 8

/** Lets a Pod only where its claims for devices are, or can be satisfied; then gives it the devices. */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go
export function dynamicResources(
  { objects, claims: tracked, binder, clock, waits, newShareID }: DynamicResourcesOptions,
  { filterTimeout, bindingTimeout }: PluginArgs['DynamicResources'],
): Plugin {
  const limitMs = Number(parseGoDuration(filterTimeout)) / 1e6
  const bindingMs = Number(parseGoDuration(bindingTimeout)) / 1e6
  /** Of the last Pod that was looked at: cycles come one after another. */
  let cycle: Cycle | undefined
  /** What Pods on their way to a node get; claims as they were written last. */
  const reserved = new WeakMap<PodInfo, { claims: ResourceClaim[]; given: Map<string, AllocationResult> }>()
  const indexed = poolIndex()
  const claimsOf = (pod: PodInfo) => podClaims(pod.pod, (key) => tracked.claim(key))
  const deviceClass = (name: string) => objects.deviceClass(name)

  const allocateOn = ({ toAllocate }: Cycle, { node }: NodeInfo): readonly AllocationResult[] | Rejection => {
    if (!node || toAllocate.length === 0) return []
    const end = limitMs > 0 ? clock.elapsed() + limitMs : Infinity
    try {
      const found = allocate({
        claims: toAllocate,
        pools: indexed(objects.slices()),
        deviceClass,
        allocated: tracked.allocated,
        node,
        expired: () => clock.elapsed() > end,
        newShareID,
      })
      return found ?? unresolvable('cannot allocate all claims')
    } catch (error) {
      if (error instanceof NodeError) return unresolvable(error.message)
      throw error
    }
  }

  /** Waits until all devices of the claims are prepared; throws when that does not come to be. */
  const prepared = async (claims: ResourceClaim[], signal: AbortSignal): Promise<void> => {
    const look = (): boolean => {
      for (const [i, { metadata }] of claims.entries()) {
        const claim = tracked.claim(objectKey({ metadata }))
        if (!claim) throw new Error(`could not find ResourceClaim "${objectKey({ metadata })}"`)
        claims[i] = claim
        if (isPrepared(claim)) continue
        if (isOverdue(claim, bindingMs, clock.now())) throw new Error(`claim ${metadata.name} binding timeout`)
        return false
      }
      return true
    }
    await tracked.changes.until(look, clock, bindingMs, signal).catch((error: Error) => {
      if (error.message !== 'context deadline exceeded') throw error
      throw new Error('device binding timeout', { cause: error })
    })
  }

  return {
    name: 'DynamicResources',
    opensOn: ['ResourceClaimChange'],
    preEnqueue(pod) {
      const found = claimsOf(pod)
      return typeof found === 'string' ? unresolvable(found) : undefined
    },
    preFilter(pod) {
      cycle = undefined
      const claims = claimsOf(pod)
      if (typeof claims === 'string') return unresolvable(claims)
      if (claims.length === 0) return undefined
      for (const claim of claims) {
        if (claim.status?.allocation) {
          if (!canBeReserved(claim) && !isReservedFor(pod.pod, claim)) return unresolvable('resourceclaim in use')
          continue
        }
        if (tracked.isPending(claim))
          return unresolvable(`resource claim ${objectKey(claim)} is in the process of being allocated`)
        const obstacle = claimObstacle(claim, deviceClass)
        if (obstacle !== undefined) return unresolvable(obstacle)
      }
      const toAllocate = claims.filter(({ status }) => !status?.allocation)
      const current: Cycle = { pod, claims, toAllocate, verdicts: new Map(), unavailable: new Set() }
      cycle = current
      return (info) => {
        const away = claims.filter((claim) => !isReachable(claim, info) || isHopeless(claim, bindingMs, clock.now()))
        for (const claim of away) current.unavailable.add(claim)
        // it does not matter who else is there, and preemption asks many times
        let verdict = current.verdicts.get(info.name)
        if (!verdict) current.verdicts.set(info.name, (verdict = allocateOn(current, info)))
        if ('reasons' in verdict) return verdict
        return away.length > 0 ? unresolvable('resourceclaim not available on the node') : undefined
      }
    },
    postFilter(pod, { filters }) {
      if (!pod.pod.spec.resourceClaims?.length) return undefined
      if (!filters || cycle?.pod !== pod) return { message: 'no new claims to deallocate' }
      const idle = [...cycle.unavailable].find(({ status }) =>
        (status?.reservedFor ?? []).every((user, _, { length }) => length === 1 && user.uid === pod.uid),
      )
      if (!idle) return { message: 'still not schedulable' }
      void binder.deallocate(idle)
      return { message: 'deallocation of ResourceClaim completed' }
    },
    preScore(pod) {
      if (cycle?.pod !== pod) return undefined
      const { toAllocate, verdicts } = cycle
      const requests = toAllocate.flatMap(requestsOf)
      if (!requests.some(({ firstAvailable }) => firstAvailable?.length)) return undefined
      return {
        score({ name }) {
          const verdict = verdicts.get(name)
          return verdict && !('reasons' in verdict) ? scoreOf(toAllocate, verdict) : 0
        },
        normalize: (scores) => normalizeScores(scores, false),
      }
    },
    reserve(pod, { name }) {
      if (cycle?.pod !== pod) return undefined
      const { claims, toAllocate, verdicts } = cycle
      const verdict = verdicts.get(name)
      if (!verdict || 'reasons' in verdict) throw new Error('claim allocation not found for node')
      const given = new Map<string, AllocationResult>()
      for (const [i, claim] of toAllocate.entries()) {
        const allocation = verdict[i]
        if (!allocation) continue
        given.set(objectKey(claim), allocation)
        tracked.begin(claim, allocation)
      }
      reserved.set(pod, { claims: [...claims], given })
      return undefined
    },
    unreserve(pod) {
      const held = reserved.get(pod)
      if (!held) return
      for (const claim of held.claims) {
        if (held.given.has(objectKey(claim)) && tracked.isPending(claim)) tracked.end(claim)
        if (claim.status?.allocation && isReservedFor(pod.pod, claim)) void binder.release(claim, pod.pod)
      }
      reserved.delete(pod)
    },
    willPreBind: (pod) => reserved.has(pod),
    async preBind(pod, node, signal) {
      const held = reserved.get(pod)
      if (!held) return
      for (const [i, claim] of held.claims.entries()) {
        if (isReservedFor(pod.pod, claim)) continue
        const allocation = held.given.get(objectKey(claim))
        let written: ResourceClaim | undefined
        try {
          written = await binder.bind(claim, allocation, pod.pod, signal)
          held.claims[i] = written
        } finally {
          if (allocation) tracked.end(claim, written)
        }
      }
      if (!held.claims.some(hasConditions)) return
      waits(pod.pod, node)
      await prepared(held.claims, signal)
    },
    queueingHint: (pod, event) => mayHelp(pod, event, claimsOf),
  }
}

/** The pools of the slices, worked out once for each list. */
function poolIndex(): (slices: readonly ResourceSlice[]) => Pools {
  const known = new WeakMap<readonly ResourceSlice[], Pools>()
  return (slices) => {
    const pools = known.get(slices) ?? poolsOf(slices)
    known.set(slices, pools)
    return pools
  }
}

/** Whether the devices that the claim has can be reached from the node. */
function isReachable({ status }: ResourceClaim, { node }: NodeInfo): boolean {
  const selector = status?.allocation?.nodeSelector
  return !selector || (node !== undefined && selectorMatches(selector, node))
}

/** The better the ways that were found to satisfy requests, the higher. */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go computeScore
function scoreOf(claims: readonly ResourceClaim[], allocations: readonly AllocationResult[]): number {
  let score = 0
  for (const [i, claim] of claims.entries()) {
    const used = new Set(allocations[i]?.devices?.results?.map(({ request }) => request))
    for (const { name, firstAvailable = [] } of requestsOf(claim)) {
      for (const [place, choice] of firstAvailable.entries())
        if (used.has(`${name}/${choice.name}`)) score += maxChoices - place
    }
  }
  return score
}

// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go EventsToRegister, isSchedulableAfterClaimChange
function mayHelp(pod: PodInfo, event: ClusterEvent, claimsOf: (pod: PodInfo) => ResourceClaim[] | string): boolean {
  switch (event.kind) {
    case 'NodeAdd':
    case 'DeviceClassChange':
    case 'ResourceSliceChange':
      return true
    case 'NodeUpdate':
      return !deepEqual(event.old.metadata.labels, event.node.metadata.labels)
    case 'PodUpdate':
      return event.pod.uid === pod.uid && typeof claimsOf(event.pod) !== 'string'
    // devices that were promised to it may be free: the claim never had them, so that it does not change
    case 'AssignedPodDelete':
      return (event.pod.pod.spec.resourceClaims ?? []).length > 0
    case 'ResourceClaimChange': {
      const { claim, old } = event
      const claims = claimsOf(pod)
      if (typeof claims === 'string') return false
      if (old?.status?.allocation && !claim.status?.allocation) return true
      if (!claims.some(({ metadata }) => metadata.uid === claim.metadata.uid)) return false
      return !old || !deepEqual(old.status ?? {}, claim.status ?? {})
    }
    default:
      return false
  }
}
