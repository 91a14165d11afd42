import { duplicate, FieldPath, required, type FieldError } from '../../../machinery/fieldpath.ts'

// pkg/apis/flowcontrol/validation/validation.go ValidateFlowSchemaStatus, ValidatePriorityLevelConfigurationStatus
export function validateConditions(conditions: readonly { type?: string }[] = []): FieldError[] {
  const path = new FieldPath('status', 'conditions')
  const seen = new Set<string>()
  return conditions.flatMap(({ type = '' }, i) => {
    const at = path.index(i).child('type')
    const errors = seen.has(type) ? [duplicate(at, type)] : []
    seen.add(type)
    return type === '' ? [...errors, required(at, 'must not be empty')] : errors
  })
}
