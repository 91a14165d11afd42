import type { DeploymentCondition } from '@kubets/shared/api/types/apps-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

export type Conditions = readonly DeploymentCondition[]

export const findCondition = (conditions: Conditions, type: string): DeploymentCondition | undefined =>
  conditions.find((condition) => condition.type === type)

export const withoutCondition = (conditions: Conditions, type: string): DeploymentCondition[] =>
  conditions.filter((condition) => condition.type !== type)

/** A condition that changes and was last changed now. */
export const newCondition = (
  type: string,
  status: string,
  reason: string,
  message: string,
  now: number,
): DeploymentCondition => {
  const time = formatTime(now)
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message }
}

/**
 * Puts a condition in; one with the same status and reason stays as it is, one with the same status keeps its
 * transition time.
 */
// pkg/controller/deployment/util/deployment_util.go SetDeploymentCondition
export const withCondition = (conditions: Conditions, next: DeploymentCondition): DeploymentCondition[] => {
  const current = findCondition(conditions, next.type)
  if (current?.status === next.status && current.reason === next.reason) return [...conditions]
  const kept =
    current?.status === next.status && current.lastTransitionTime
      ? { ...next, lastTransitionTime: current.lastTransitionTime }
      : next
  return [...withoutCondition(conditions, next.type), kept]
}
