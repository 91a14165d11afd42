import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from '@kubets/shared/api/types/autoscaling-v2.ts'

/** What an autoscaler asked for and did of late: what may change now depends on it. Lost when the manager restarts. */
export interface History {
  readonly recommendations: readonly { readonly replicas: number; readonly at: number }[]
  readonly ups: readonly Change[]
  readonly downs: readonly Change[]
}

interface Change {
  /** How many replicas came, or went. */
  readonly replicas: number
  readonly at: number
}

/** Of an autoscaler that was never looked at. */
export const noHistory: History = { recommendations: [], ups: [], downs: [] }

/** A size, and why it is the one. */
export interface Verdict {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

export interface Bounds {
  readonly current: number
  readonly min: number
  readonly max: number
}

const inRange = (replicas: number): Verdict => ({
  replicas,
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
})
const tooMany = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const tooFew = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' }
const upLimit = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const downLimit = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}

/** What is said when an older recommendation is followed. */
export const stabilizedDown = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const stabilizedUp = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}

/** With the size that the autoscaler finds its target at, when it has never recommended another. */
// pkg/controller/podautoscaler/horizontal.go recordInitialRecommendation
export const withFirst = (history: History, replicas: number, now: number): History =>
  history.recommendations.length > 0 ? history : { ...history, recommendations: [{ replicas, at: now }] }

const recommend = (history: History, replicas: number, now: number, keptMs: number): History => ({
  ...history,
  recommendations: [...history.recommendations.filter(({ at }) => at >= now - keptMs), { replicas, at: now }],
})

/** The highest recommendation of the window, and the history with this one. */
// pkg/controller/podautoscaler/horizontal.go stabilizeRecommendation
export const stabilize = (
  history: History,
  desired: number,
  windowMs: number,
  now: number,
): { replicas: number; history: History } => {
  const recent = history.recommendations.filter(({ at }) => at >= now - windowMs)
  const replicas = Math.max(desired, ...recent.map((one) => one.replicas))
  return { replicas, history: recommend(history, desired, now, windowMs) }
}

// What keeps a nonsensical measurement from making very many Pods at once.
// pkg/controller/podautoscaler/horizontal.go scaleUpLimitFactor, scaleUpLimitMinimum
const limitFactor = 2
const limitMinimum = 4

/** The size within its bounds, for an autoscaler without behaviour. */
// pkg/controller/podautoscaler/horizontal.go convertDesiredReplicasWithRules
export const limit = ({ current, min, max }: Bounds, desired: number): Verdict => {
  const upTo = Math.max(limitFactor * current, limitMinimum)
  if (desired < min) return { replicas: min, ...tooFew }
  if (desired > Math.min(upTo, max)) return max > upTo ? { replicas: upTo, ...upLimit } : { replicas: max, ...tooMany }
  return inRange(desired)
}

const windowOf = (rules: HPAScalingRules | undefined): number => (rules?.stabilizationWindowSeconds ?? 0) * 1000

/**
 * The size as near to the present one as the recommendations of the windows allow, and the history with this one. `reason`
 * and `message` are for a size that is not `desired`.
 */
// pkg/controller/podautoscaler/horizontal.go stabilizeRecommendationWithBehaviors
export const stabilizeBothWays = (
  history: History,
  current: number,
  desired: number,
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
  now: number,
): Verdict & { history: History } => {
  const since = (ms: number): number[] =>
    history.recommendations.filter(({ at }) => at > now - ms).map(({ replicas }) => replicas)
  const lowest = Math.min(desired, ...since(windowOf(scaleUp)))
  const highest = Math.max(desired, ...since(windowOf(scaleDown)))
  const keptMs = Math.max(windowOf(scaleUp), windowOf(scaleDown))
  return {
    replicas: Math.min(Math.max(current, lowest), highest),
    ...(desired >= current ? stabilizedUp : stabilizedDown),
    history: recommend(history, desired, now, keptMs),
  }
}

/** The size within its bounds and no further away than the policies let it go at once. */
// pkg/controller/podautoscaler/horizontal.go convertDesiredReplicasWithBehaviorRate
export const limitByPolicies = (
  { current, min, max }: Bounds,
  desired: number,
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
  history: History,
  now: number,
): Verdict => {
  if (desired > current) {
    const allowed = Math.max(current, furthest(current, scaleUp, history, now, 'up'))
    const verdict = max > allowed ? { replicas: allowed, ...upLimit } : { replicas: max, ...tooMany }
    if (desired > verdict.replicas) return verdict
  }
  if (desired < current) {
    const allowed = Math.min(current, furthest(current, scaleDown, history, now, 'down'))
    const verdict = min < allowed ? { replicas: allowed, ...downLimit } : { replicas: min, ...tooFew }
    if (desired < verdict.replicas) return verdict
  }
  return inRange(desired)
}

const sumSince = (changes: readonly Change[], since: number): number =>
  changes.reduce((sum, { replicas, at }) => (at > since ? sum + replicas : sum), 0)

/** How far the policies let the size go now. */
// pkg/controller/podautoscaler/horizontal.go calculateScaleUpLimitWithScalingRules, calculateScaleDownLimitWithBehaviors
const furthest = (
  current: number,
  { selectPolicy, policies = [] }: HPAScalingRules = {},
  { ups, downs }: History,
  now: number,
  direction: 'up' | 'down',
): number => {
  if (selectPolicy === 'Disabled' || policies.length === 0) return current
  const proposals = policies.map((policy) => {
    const since = now - policy.periodSeconds * 1000
    const atStart = current - sumSince(ups, since) + sumSince(downs, since)
    return direction === 'up' ? raised(atStart, policy) : lowered(atStart, policy)
  })
  const isFurthest = selectPolicy !== 'Min'
  return (direction === 'up') === isFurthest ? Math.max(...proposals) : Math.min(...proposals)
}

// A share is rounded away from the present size on the way up, or one Pod would never become two.
const raised = (from: number, { type, value }: HPAScalingPolicy): number =>
  type === 'Pods' ? from + value : Math.ceil(from * (1 + value / 100))

const lowered = (from: number, { type, value }: HPAScalingPolicy): number =>
  type === 'Pods' ? from - value : Math.trunc(from * (1 - value / 100))

const longestPeriod = (rules: HPAScalingRules | undefined): number =>
  Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds * 1000))

/** The history with a change of size; what no policy asks about any more is dropped. */
// pkg/controller/podautoscaler/horizontal.go storeScaleEvent
export const withChange = (
  history: History,
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
  from: number,
  to: number,
  now: number,
): History => {
  const recent = (changes: readonly Change[], rules: HPAScalingRules | undefined): readonly Change[] =>
    changes.filter(({ at }) => at >= now - longestPeriod(rules))
  const change = { replicas: Math.abs(to - from), at: now }
  if (to > from) return { ...history, ups: [...recent(history.ups, scaleUp), change] }
  return { ...history, downs: [...recent(history.downs, scaleDown), change] }
}
