import type { PriorityClass } from '../../../types/scheduling-v1.ts'

// pkg/apis/scheduling/v1/defaults.go SetDefaults_PriorityClass
export function defaults(obj: PriorityClass): void {
  obj.value ??= 0
  obj.preemptionPolicy ??= 'PreemptLowerPriority'
}
