import type { ConfigMap, Secret, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import { tokenType } from '../serviceaccount-token/plan.ts'

// pkg/serviceaccount/legacy.go
export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'

/** In it the apiserver says since when it writes down which tokens are used. */
// pkg/controlplane/controller/legacytokentracking/controller.go
export const trackingName = 'kube-apiserver-legacy-service-account-token-tracking'

const dayMs = 86_400_000

/** The day of a time, as labels have it. */
export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Midnight of a date as labels have it; undefined for what is none. */
const timeOf = (date: string): number | undefined => {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : NaN
  return Number.isNaN(ms) || dateOf(ms) !== date ? undefined : ms
}

/** Tells whether the use of tokens has been written down for so long that one without a date is known to be unused. */
// pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go latestPossibleTrackedSinceTime, evaluateSATokens
export const hasTrackedLongEnough = (tracking: ConfigMap, now: number, periodMs: number): boolean => {
  const since = timeOf(tracking.data?.['since'] ?? '')
  return since !== undefined && now >= since + dayMs + periodMs
}

export interface TokenSeen {
  secret: Secret
  /** The account that the Secret names, if there is one of that uid. */
  account: ServiceAccount | undefined
  /** Whether a Pod names the Secret. */
  isMounted: () => boolean
}

/**
 * A token that was made by itself for an account (which then lists it) and that nobody has used for the period is marked as
 * invalid, and deleted when nobody has missed it for the same time.
 */
// pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go evaluateSATokens
export const plan = (
  { secret, account, isMounted }: TokenSeen,
  now: number,
  periodMs: number,
): 'mark' | 'delete' | 'keep' => {
  const { creationTimestamp = '', deletionTimestamp, labels = {}, name } = secret.metadata
  const oldest = dateOf(now - periodMs)
  if (secret.type !== tokenType || deletionTimestamp !== undefined) return 'keep'
  if (parseTime(creationTimestamp) >= now - periodMs) return 'keep'
  const lastUsed = labels[lastUsedLabel]
  if (lastUsed !== undefined && (timeOf(lastUsed) === undefined || lastUsed >= oldest)) return 'keep'
  if (!account?.secrets?.some((one) => one.name === name) || isMounted()) return 'keep'
  const invalidSince = labels[invalidSinceLabel] ?? ''
  if (timeOf(invalidSince) === undefined) return 'mark'
  return invalidSince >= oldest ? 'keep' : 'delete'
}
