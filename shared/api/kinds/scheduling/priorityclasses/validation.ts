import { FieldPath, forbidden, notSupported, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { PriorityClass } from '../../../types/scheduling-v1.ts'
import { checkImmutable } from '../../checks.ts'

const highest = 1_000_000_000
const system: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}
const policies = ['PreemptLowerPriority', 'Never']

// pkg/apis/scheduling/validation/validation.go ValidatePriorityClass
export function validate(obj: PriorityClass): FieldError[] {
  const errors: FieldError[] = []
  const name = obj.metadata.name ?? ''
  const value = obj.value ?? 0
  if (name.startsWith('system-')) {
    const problem = systemProblem(obj)
    if (problem) {
      const text = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`
      errors.push(forbidden(new FieldPath('metadata', 'name'), text))
    }
  } else if (value > highest)
    errors.push(forbidden(new FieldPath('value'), `maximum allowed value of a user defined priority is ${highest}`))
  const policy = obj.preemptionPolicy
  if (policy !== undefined && !policies.includes(policy))
    errors.push(notSupported(new FieldPath('preemptionPolicy'), policy, policies))
  return errors
}

// pkg/apis/scheduling/v1/helpers.go IsKnownSystemPriorityClass
function systemProblem(obj: PriorityClass): string | undefined {
  const name = obj.metadata.name ?? ''
  const wanted = system[name]
  if (wanted === undefined) return `${name} is not a known system priority class`
  if (wanted !== obj.value) return `value of ${name} PriorityClass must be ${wanted}`
  if (obj.globalDefault) return `globalDefault of ${name} PriorityClass must be false`
  return undefined
}

// pkg/apis/scheduling/validation/validation.go ValidatePriorityClassUpdate
export function validateUpdate(obj: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = []
  if (obj.value !== old.value) errors.push(forbidden(new FieldPath('value'), 'may not be changed in an update.'))
  checkImmutable(obj.preemptionPolicy, old.preemptionPolicy, new FieldPath('preemptionPolicy'), errors)
  return errors
}
