import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Namespace, NamespaceCondition, NamespaceStatus, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'
import { supports } from '../discovery/resources.ts'
import type { DiscoveredResource } from '../discovery/resources.ts'

/** The finalizer in a namespace's spec that is this controller's. */
export const ownFinalizer = 'kubernetes'

/** What is left of one resource after its objects were asked to go. */
export interface Remaining {
  resource: string
  group: string
  count: number
  /** How many objects hold each finalizer. */
  finalizers: Record<string, number>
}

/** What one pass over the namespace found. */
export interface Pass {
  discoveryFailures: { groupVersion: string; message: string }[]
  deletionFailures: string[]
  remaining: Remaining[]
  /** Seconds that what remains may be expected to take. */
  graceSeconds: number
}

// pkg/controller/namespace/deletion/namespaced_resources_deleter.go finalizerEstimateSeconds
const finalizerSeconds = 15

/** Seconds that the Pods of a namespace may take to end; 0 when it has been on its way out for that long. */
// namespaced_resources_deleter.go estimateGracefulTermination
export const graceOf = (pods: readonly Pod[], { metadata }: Namespace, now: number): number => {
  const times = pods.filter((pod) => !isPodTerminal(pod)).map(({ spec }) => spec.terminationGracePeriodSeconds ?? 0)
  const longest = Math.max(0, ...times)
  return now - parseTime(metadata.deletionTimestamp ?? '') >= longest * 1000 ? 0 : longest
}

/**
 * How long what is left of a resource may be expected to take, where its Pods have so many seconds to end; or that
 * nothing explains why it is still there.
 */
// namespaced_resources_deleter.go deleteAllContentForGroupVersionResource
export const expectation = (
  { ref }: DiscoveredResource,
  namespace: string,
  left: Remaining,
  podSeconds: number,
): { graceSeconds: number; failure?: string } => {
  if (left.count === 0) return { graceSeconds: 0 }
  const graceSeconds = ref.group === '' && ref.plural === 'pods' ? podSeconds : 0
  if (graceSeconds > 0) return { graceSeconds }
  // whoever has put the finalizers there may never take them away
  if (Object.keys(left.finalizers).length > 0) return { graceSeconds: finalizerSeconds }
  const gvr = `${ref.group}/${ref.version}, Resource=${ref.plural}`
  return { graceSeconds: 0, failure: `unexpected items still remain in namespace: ${namespace} for gvr: ${gvr}` }
}

/**
 * What to delete in which order: Pods go first, so that they still find their configuration and service account while
 * they end.
 */
// pkg/controller/namespace/deletion/namespaced_resources_deleter.go deleteAllContent
export const deletionOrder = (resources: readonly DiscoveredResource[]): DiscoveredResource[][] => {
  const content = resources.filter(
    (resource) =>
      resource.ref.namespaced &&
      supports(resource, 'list') &&
      (supports(resource, 'delete') || supports(resource, 'deletecollection')),
  )
  const isPods = ({ ref }: DiscoveredResource): boolean => ref.group === '' && ref.plural === 'pods'
  return [content.filter(isPods), content.filter((resource) => !isPods(resource))]
}

// pkg/controller/namespace/deletion/status_condition_utils.go
const texts = {
  NamespaceDeletionDiscoveryFailure: ['ResourcesDiscovered', 'All resources successfully discovered'],
  NamespaceDeletionGroupVersionParsingFailure: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  NamespaceDeletionContentFailure: [
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  NamespaceContentRemaining: ['ContentRemoved', 'All content successfully removed'],
  NamespaceFinalizersRemaining: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
} as const

type ConditionType = keyof typeof texts

const problems = (pass: Pass): Partial<Record<ConditionType, [reason: string, message: string]>> => {
  const found: Partial<Record<ConditionType, [string, string]>> = {}
  if (pass.discoveryFailures.length > 0) {
    const failures = pass.discoveryFailures.map(({ groupVersion, message }) => `${groupVersion}: ${message}`)
    const list = failures.sort().join(', ')
    const text = `Discovery failed for some groups, ${pass.discoveryFailures.length} failing: unable to retrieve the complete list of server APIs: ${list}`
    found.NamespaceDeletionDiscoveryFailure = ['DiscoveryFailed', text]
  }
  if (pass.deletionFailures.length > 0) {
    const list = [...pass.deletionFailures].sort().join(', ')
    const text = `Failed to delete all resource types, ${pass.deletionFailures.length} remaining: ${list}`
    found.NamespaceDeletionContentFailure = ['ContentDeletionFailed', text]
  }
  const left = pass.remaining.filter(({ count }) => count > 0)
  if (left.length > 0) {
    const list = left.map(({ resource, group, count }) => `${resource}.${group} has ${count} resource instances`).sort()
    found.NamespaceContentRemaining = ['SomeResourcesRemain', `Some resources are remaining: ${list.join(', ')}`]
  }
  const finalizers = new Map<string, number>()
  for (const { finalizers: each } of left)
    for (const [name, count] of Object.entries(each)) finalizers.set(name, (finalizers.get(name) ?? 0) + count)
  if (finalizers.size > 0) {
    const list = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort()
    found.NamespaceFinalizersRemaining = [
      'SomeFinalizersRemain',
      `Some content in the namespace has finalizers remaining: ${list.join(', ')}`,
    ]
  }
  return found
}

/** The namespace's status after a pass; the very object it has when nothing changed. */
// pkg/controller/namespace/deletion/status_condition_utils.go namespaceConditionUpdater.Update
export const planStatus = (namespace: Namespace, pass: Pass, now: number): NamespaceStatus => {
  const old = namespace.status?.conditions ?? []
  const found = problems(pass)
  const own = (Object.keys(texts) as ConditionType[]).map((type): NamespaceCondition => {
    const [reason, message] = found[type] ?? texts[type]
    const status = found[type] ? 'True' : 'False'
    const before = old.find((condition) => condition.type === type)
    const unchanged = before?.status === status && before.reason === reason && before.message === message
    if (unchanged) return before
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : formatTime(now)
    return { type, status, lastTransitionTime, reason, message }
  })
  const foreign = old.filter((condition) => !(condition.type in texts))
  const next = { ...namespace.status, phase: 'Terminating', conditions: [...foreign, ...own] }
  const byType = (status: NamespaceStatus): unknown => ({
    ...status,
    conditions: Object.fromEntries((status.conditions ?? []).map((condition) => [condition.type, condition])),
  })
  return namespace.status && deepEqual(byType(namespace.status), byType(next)) ? namespace.status : next
}

/** True when nothing is left and nothing is unknown: the namespace may go. */
export const isEmptied = (pass: Pass): boolean =>
  pass.discoveryFailures.length === 0 &&
  pass.deletionFailures.length === 0 &&
  pass.remaining.every(({ count }) => count === 0)

/** Milliseconds to the next pass while content remains. */
// pkg/controller/namespace/namespace_controller.go worker: half of the estimate and a second
export const retryAfter = (pass: Pass): number => (Math.floor(pass.graceSeconds / 2) + 1) * 1000
