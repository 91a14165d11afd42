import { formatTime } from '../../../../machinery/time.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionStatus,
} from '../../../types/apiextensions-v1.ts'

type Condition = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

// apiextensions-apiserver/pkg/apihelpers/helpers.go IsCRDConditionTrue
export function isTrue(crd: CustomResourceDefinition, type: string): boolean {
  return crd.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false
}

/** Sets a condition in place; its time changes with its status. */
// apiextensions-apiserver/pkg/apihelpers/helpers.go SetCRDCondition
export function setCondition(status: CustomResourceDefinitionStatus, condition: Condition, now: number): void {
  const conditions = (status.conditions ??= [])
  const existing = conditions.find(({ type }) => type === condition.type)
  if (!existing) {
    conditions.push({ ...condition, lastTransitionTime: formatTime(now) })
    return
  }
  if (existing.status !== condition.status || !existing.lastTransitionTime)
    existing.lastTransitionTime = formatTime(now)
  Object.assign(existing, condition)
}
