import type { LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Quantity } from '@kubets/shared/machinery/quantity.ts'
import { amountsOf, amountsOfPod, type Amounts } from './amounts.ts'

const annotation = 'kubernetes.io/limit-ranger'

/** Gives the containers that say nothing of a resource the defaults of a LimitRange, in place, and notes which. */
// plugin/pkg/admission/limitranger/admission.go mergePodResourceRequirements
export function applyDefaults(pod: Pod, { spec }: LimitRange): void {
  const defaults = { limits: {} as Record<string, string>, requests: {} as Record<string, string> }
  for (const item of spec?.limits ?? []) {
    if (item.type !== 'Container') continue
    Object.assign(defaults.requests, item.defaultRequest)
    Object.assign(defaults.limits, item.default)
  }
  const notes: string[] = []
  const complete = (container: Pod['spec']['containers'][number], what: string): void => {
    const set = (sort: 'requests' | 'limits'): string[] => {
      const list: Record<string, string> = { ...container.resources?.[sort] }
      const missing = Object.keys(defaults[sort]).filter((name) => !Object.hasOwn(list, name))
      if (missing.length === 0) return []
      for (const name of missing) list[name] = defaults[sort][name] ?? ''
      container.resources = { ...container.resources, [sort]: list }
      return missing.sort()
    }
    const limits = set('limits')
    const requests = set('requests')
    if (requests.length > 0) notes.push(`${requests.join(', ')} request for ${what} ${container.name}`)
    if (limits.length > 0) notes.push(`${limits.join(', ')} limit for ${what} ${container.name}`)
  }
  for (const container of pod.spec.containers) complete(container, 'container')
  for (const container of pod.spec.initContainers ?? []) complete(container, 'init container')
  if (notes.length === 0) return
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  }
}

/** What of a LimitRange a Pod does not keep. */
// plugin/pkg/admission/limitranger/admission.go PodValidateLimitFunc
export function podProblems(pod: Pod, { spec }: LimitRange): string[] {
  return (spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Pod') return problems(item, amountsOfPod(pod, 'requests'), amountsOfPod(pod, 'limits'))
    if (item.type !== 'Container') return []
    return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap(({ resources }) =>
      problems(item, amountsOf(resources?.requests), amountsOf(resources?.limits)),
    )
  })
}

/** What of a LimitRange a claim does not keep: only its request counts. */
// plugin/pkg/admission/limitranger/admission.go PersistentVolumeClaimValidateLimitFunc
export function claimProblems(claim: PersistentVolumeClaim, { spec }: LimitRange): string[] {
  const requests = amountsOf(claim.spec?.resources?.requests)
  return (spec?.limits ?? []).flatMap((item) => {
    if (item.type !== 'PersistentVolumeClaim') return []
    return found(
      ...each(item.min, (name, least) => below(item.type, name, least, requests, new Map())),
      ...each(item.max, (name, most) => {
        const request = requests.get(name)
        const text = `maximum ${name} usage per ${item.type} is ${most.toString()}`
        if (request === undefined) return `${text}.  No request is specified`
        return request.cmp(most) > 0 ? `${text}, but request is ${request.toString()}` : undefined
      }),
    )
  })
}

type Problem = string | undefined
const found = (...all: Problem[]): string[] => all.filter((problem) => problem !== undefined)
const each = (
  list: Record<string, string> | undefined,
  check: (name: string, amount: Quantity) => Problem,
): Problem[] => [...amountsOf(list)].map(([name, amount]) => check(name, amount))

function problems(
  { type, min, max, maxLimitRequestRatio }: LimitRangeItem,
  requests: Amounts,
  limits: Amounts,
): string[] {
  return found(
    ...each(min, (name, least) => below(type, name, least, requests, limits)),
    ...each(max, (name, most) => above(type, name, most, requests, limits)),
    ...each(maxLimitRequestRatio, (name, most) => ratio(type, name, most, requests, limits)),
  )
}

function below(type: string, name: string, least: Quantity, requests: Amounts, limits: Amounts): Problem {
  const request = requests.get(name)
  const limit = limits.get(name)
  const text = `minimum ${name} usage per ${type} is ${least.toString()}`
  if (request === undefined) return `${text}.  No request is specified`
  if (request.cmp(least) < 0) return `${text}, but request is ${request.toString()}`
  return limit && limit.cmp(least) < 0 ? `${text}, but limit is ${limit.toString()}` : undefined
}

function above(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts): Problem {
  const request = requests.get(name)
  const limit = limits.get(name)
  const text = `maximum ${name} usage per ${type} is ${most.toString()}`
  if (limit === undefined) return `${text}.  No limit is specified`
  if (limit.cmp(most) > 0) return `${text}, but limit is ${limit.toString()}`
  return request && request.cmp(most) > 0 ? `${text}, but request is ${request.toString()}` : undefined
}

function ratio(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts): Problem {
  const request = requests.get(name)
  const limit = limits.get(name)
  const text = `${name} max limit to request ratio per ${type} is ${most.toString()}`
  if (request === undefined || request.isZero) return `${text}, but no request is specified or request is 0`
  if (limit === undefined || limit.isZero) return `${text}, but no limit is specified or limit is 0`
  const actual = limit.asNumber() / request.asNumber()
  return actual > most.asNumber() ? `${text}, but provided ratio is ${actual.toFixed(6)}` : undefined
}
