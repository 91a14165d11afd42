import { notSupported, required, tooMany, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import type { Container } from '../../types/core-v1.ts'

const policies = ['Always', 'Never', 'OnFailure']
const actions = ['Restart', 'RestartAllContainers']
const operators = ['In', 'NotIn']
const maxRules = 20
const maxExitCodes = 255

/** Adds what is wrong with when a container of its own accord starts again. */
// pkg/apis/core/validation/validation.go validateContainerRestartPolicy
export function checkRestartPolicy(
  { restartPolicy, restartPolicyRules: rules = [] }: Container,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (restartPolicy === undefined) {
    if (rules.length === 0) return
    errors.push(required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'))
  } else if (!policies.includes(restartPolicy))
    errors.push(notSupported(path.child('restartPolicy'), restartPolicy, policies))
  const list = path.child('restartPolicyRules')
  if (rules.length > maxRules) errors.push(tooMany(list, rules.length, maxRules))
  for (const [i, { action = '', exitCodes }] of rules.entries()) {
    const at = list.index(i)
    if (!actions.includes(action)) errors.push(notSupported(at.child('action'), action, actions))
    if (!exitCodes) {
      errors.push(required(at.child('exitCodes'), 'must be specified'))
      continue
    }
    const { operator = '', values = [] } = exitCodes
    if (!operators.includes(operator)) errors.push(notSupported(at.child('exitCodes', 'operator'), operator, operators))
    if (values.length > maxExitCodes) errors.push(tooMany(at.child('exitCodes', 'values'), values.length, maxExitCodes))
  }
}
