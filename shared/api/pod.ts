import { parseQuantity, type Quantity } from '../machinery/quantity.ts'
import { formatTime } from '../machinery/time.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from './types/core-v1.ts'

type Resources = Map<string, Quantity>

/** The pod has ended and will not run again. */
// kubernetes/pkg/api/v1/pod/util.go IsPodTerminal
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'
}

/** The pod may serve requests. */
// kubernetes/pkg/api/v1/pod/util.go IsPodReady
export function isPodReady(pod: Pod): boolean {
  return getCondition(pod.status?.conditions, 'Ready')?.status === 'True'
}

/** What the rules of a container with a policy of its own say about an end with this code. */
// component-helpers/pods/util.go findMatchingContainerRestartRule
export function restartRuleFor({ restartPolicy, restartPolicyRules = [] }: Container, exitCode: number) {
  if (restartPolicy === undefined) return undefined
  return restartPolicyRules.find(
    ({ exitCodes }) => exitCodes && (exitCodes.operator === 'In') === (exitCodes.values ?? []).includes(exitCode),
  )?.action
}

/** Whether a container that ended with this code runs again: its rules say so, else its policy, else the Pod's. */
// component-helpers/pods/util.go ContainerShouldRestart
export function containerShouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (restartRuleFor(container, exitCode) !== undefined) return true
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

interface ConditionLike {
  type: string
  status: string
  lastTransitionTime?: string
}

/** The condition of this type; works on the conditions of any kind. */
export function getCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((c) => c.type === type)
}

/**
 * The conditions with this one put in place of its predecessor (or at the end). The time of transition is `now` when
 * the status differs, otherwise that of the predecessor. The given list is left as it is.
 */
// kubernetes/pkg/api/v1/pod/util.go UpdatePodCondition
export function setCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  condition: C,
  now: number,
): C[] {
  const old = getCondition(conditions, condition.type)
  const sameStatus = old !== undefined && old.status === condition.status
  const lastTransitionTime = sameStatus ? old.lastTransitionTime : formatTime(now)
  const updated = { ...condition, lastTransitionTime }
  if (old === undefined) return [...(conditions ?? []), updated]
  return (conditions ?? []).map((c) => (c === old ? updated : c))
}

/**
 * What the pod asks for while it runs: the larger of its containers together and of any moment of its
 * initialisation, where sidecars started before count along; plus the pod's overhead.
 */
// component-helpers/resource/helpers.go PodRequests
export function podRequests(pod: Pod): Resources {
  return podTotal(pod.spec, 'requests')
}

/** As podRequests, for the limits; a resource no container limits is missing. */
// component-helpers/resource/helpers.go PodLimits
export function podLimits(pod: Pod): Resources {
  return podTotal(pod.spec, 'limits')
}

/** What a Pod's containers ask for together, at the time when that is most. */
// component-helpers/resource/helpers.go AggregateContainerRequests, AggregateContainerLimits
export function containerTotals(spec: PodSpec, which: 'requests' | 'limits'): Resources {
  const running = new Map<string, Quantity>()
  for (const container of spec.containers) addAll(running, quantities(container.resources?.[which]))

  const sidecars = new Map<string, Quantity>()
  const starting = new Map<string, Quantity>()
  for (const container of spec.initContainers ?? []) {
    const wanted = quantities(container.resources?.[which])
    if (container.restartPolicy === 'Always') {
      addAll(running, wanted)
      addAll(sidecars, wanted)
      raiseAll(starting, sidecars)
    } else {
      addAll(wanted, sidecars)
      raiseAll(starting, wanted)
    }
  }
  raiseAll(running, starting)
  return running
}

/** Whether a Pod as a whole may ask for the resource. */
// component-helpers/resource/helpers.go IsSupportedPodLevelResource
export const isPodLevelResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

function podTotal(spec: PodSpec, which: 'requests' | 'limits'): Resources {
  const running = containerTotals(spec, which)
  // what the pod as a whole asks for stands in place of the sum, for the resources it names
  for (const [name, quantity] of quantities(spec.resources?.[which])) running.set(name, quantity)
  for (const [name, quantity] of quantities(spec.overhead)) {
    const sum = running.get(name)
    // overhead cannot limit what is otherwise unlimited
    if (sum !== undefined || which === 'requests') running.set(name, sum?.add(quantity) ?? quantity)
  }
  return running
}

function quantities(list: Record<string, string> | undefined): Resources {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))
}

function addAll(sum: Resources, more: Resources): void {
  for (const [name, quantity] of more) sum.set(name, sum.get(name)?.add(quantity) ?? quantity)
}

function raiseAll(most: Resources, other: Resources): void {
  for (const [name, quantity] of other) {
    const known = most.get(name)
    if (known === undefined || known.cmp(quantity) < 0) most.set(name, quantity)
  }
}

const qosResources = ['cpu', 'memory']

/** Guaranteed, Burstable or BestEffort, as the spec says (the status may hold it already). */
// kubernetes/pkg/apis/core/v1/helper/qos/qos.go ComputePodQOS
export function podQOS(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { spec } = pod
  const holders: { resources?: ResourceRequirements }[] = spec.resources
    ? [spec]
    : [...spec.containers, ...(spec.initContainers ?? [])]
  let asksForAny = false
  let guaranteed = holders.length > 0
  for (const { resources } of holders) {
    for (const name of qosResources) {
      const limit = positive(resources?.limits?.[name])
      const request = positive(resources?.requests?.[name])
      asksForAny ||= limit !== undefined || request !== undefined
      // a request left out is set to the limit by defaulting
      guaranteed &&= limit !== undefined && (request === undefined || request.cmp(limit) === 0)
    }
  }
  if (!asksForAny) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

function positive(text: string | undefined): Quantity | undefined {
  const quantity = text === undefined ? undefined : parseQuantity(text)
  return quantity !== undefined && quantity.sign > 0 ? quantity : undefined
}
