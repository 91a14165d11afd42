import { getCondition, isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

/** A Pod that counts towards replicas: not finished and not on its way out. */
// pkg/controller/controller_utils.go IsPodActive
export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined

/** A Pod on its way out whose containers may still run. */
export const isPodTerminating = (pod: Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined

/**
 * Milliseconds until a ready Pod counts as available: 0 when it does now, undefined when it is not ready.
 */
// pkg/api/v1/pod/util.go IsPodAvailable
export const availableIn = (pod: Pod, minReadySeconds: number, now: number): number | undefined => {
  const ready = getCondition(pod.status?.conditions, 'Ready')
  if (ready?.status !== 'True') return undefined
  if (minReadySeconds === 0) return 0
  if (!ready.lastTransitionTime) return minReadySeconds * 1000
  return Math.max(0, parseTime(ready.lastTransitionTime) + minReadySeconds * 1000 - now)
}
