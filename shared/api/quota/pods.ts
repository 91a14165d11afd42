import type { Quantity } from '../../machinery/quantity.ts'
import { deviceClassPrefix, isExtended, isHugePages, isNative } from '../kinds/quantities.ts'
import { isPodLevelResource, isPodTerminal, podLimits, podQOS, podRequests } from '../pod.ts'
import { isResizing, whileResizing } from '../resize.ts'
import type { Container, Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import { add, amountsOf, one, type Amounts } from './amounts.ts'
import { countName, type Evaluator } from './evaluator.ts'
import { selects } from './scope-selector.ts'

const objectCountName = countName('', 'pods')

// Which of a Pod's resources are counted, and whether requests count under the bare name too.
const compute = ['cpu', 'memory', 'ephemeral-storage']
const names: ReadonlySet<string> = new Set([
  objectCountName,
  'pods',
  ...compute.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
])

// Who limits one of these demands that every container states it: a mistake that clients rely on.
// pkg/quota/v1/evaluator/core/pods.go validationSet
const demanded: ReadonlySet<string> = new Set(
  ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
)

// pkg/quota/v1/evaluator/core/pods.go podEvaluator
export const podEvaluator: Evaluator = {
  handles: ({ operation, subresource, object, old }) => {
    if (operation === 'CREATE') return subresource === ''
    if (operation !== 'UPDATE') return false
    return subresource === 'resize' || (subresource === '' && hasDeadline(object as Pod) !== hasDeadline(old as Pod))
  },
  counts: (name) => names.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-') || isDevices(name),
  matchesScope: (scope, object) => matchesScope(scope, object as Pod),
  lacks: (wanted, object) => lacks(wanted, object as Pod),
  usage: (object, now) => usage(object as Pod, now),
}

/** Whether a quota limits under the name what Pods ask for of an extended resource, or of a class of devices. */
// pods.go isExtendedResourceNameForQuota
export const isDevices = (name: string): boolean =>
  name.startsWith('requests.') && (!isNative(name) || name.startsWith(`requests.${deviceClassPrefix}`))

/** Whether the Pod uses anything beside its place in the store: it has not ended, and is not stuck on its way out. */
// pods.go QuotaV1Pod
export const holdsResources = (pod: Pod, now: number): boolean => {
  if (isPodTerminal(pod)) return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

/** What quotas count of a Pod. */
// pods.go PodUsageFunc
export const usage = (pod: Pod, now: number): Amounts => {
  const count: Amounts = new Map([[objectCountName, one]])
  if (!holdsResources(pod, now)) return count
  const held = whileResizing(pod)
  return add(count, computeUsage(podRequests(held), podLimits(held)))
}

// pods.go podComputeUsageHelper
const computeUsage = (requests: Amounts, limits: Amounts): Amounts => {
  const result = new Map<string, Quantity>([['pods', one]])
  for (const [name, quantity] of requests) {
    if (compute.includes(name) || isHugePages(name)) result.set(name, quantity)
    if (compute.includes(name) || isHugePages(name) || isExtended(name) || name.startsWith(deviceClassPrefix))
      result.set(`requests.${name}`, quantity)
  }
  for (const [name, quantity] of limits) if (compute.includes(name)) result.set(`limits.${name}`, quantity)
  return result
}

// pods.go Constraints
const lacks = (wanted: readonly string[], { spec }: Pod): string | undefined => {
  const { requests: whole, limits: atMost } = spec.resources ?? {}
  // who asks for the Pod as a whole need not say what its containers get of it
  if (Object.keys({ ...whole, ...atMost }).some(isPodLevelResource)) return undefined
  const missing: string[] = []
  for (const name of [...wanted].sort()) {
    if (!demanded.has(name)) continue
    const lacking = (container: Container): boolean => {
      const { requests, limits } = container.resources ?? {}
      return !computeUsage(amountsOf(requests), amountsOf(limits)).has(name)
    }
    const containers = [...spec.containers, ...(spec.initContainers ?? [])].filter(lacking)
    const texts = [...new Set(containers.map((container) => container.name))].sort()
    if (texts.length > 0) missing.push(`${name} for: ${texts.join(',')}`)
  }
  return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`
}

// pods.go IsTerminating
const hasDeadline = ({ spec }: Pod): boolean => (spec.activeDeadlineSeconds ?? -1) >= 0

// pods.go podMatchesScopeFunc
const matchesScope = (scope: ScopedResourceSelectorRequirement, pod: Pod): boolean => {
  const { priorityClassName } = pod.spec
  switch (scope.scopeName) {
    case 'Terminating':
      return hasDeadline(pod)
    case 'NotTerminating':
      return !hasDeadline(pod)
    case 'BestEffort':
      return (pod.status?.qosClass ?? podQOS(pod)) === 'BestEffort'
    case 'NotBestEffort':
      return (pod.status?.qosClass ?? podQOS(pod)) !== 'BestEffort'
    case 'PriorityClass':
      return selects(scope, priorityClassName ? [priorityClassName] : [])
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod)
    default:
      return false
  }
}

// pods.go usesCrossNamespacePodAffinity
const reachesOtherNamespaces = ({ spec: { affinity } }: Pod): boolean =>
  [affinity?.podAffinity, affinity?.podAntiAffinity].some((one) => {
    const terms: PodAffinityTerm[] = [
      ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ]
    return terms.some(
      ({ namespaces, namespaceSelector }) => (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
    )
  })

/** Whether a change of a Pod sets free what quotas had counted, or moves it to others, or may be the end of a resize. */
// pkg/quota/v1/install/update_filter.go DefaultUpdateFilter
export const podFrees = (old: Pod, pod: Pod, now: number): boolean =>
  isResizing(old) ||
  isResizing(pod) ||
  hasDeadline(old) !== hasDeadline(pod) ||
  (holdsResources(old, now) && !holdsResources(pod, now))
