import * as field from '../../../machinery/fieldpath.ts'
import type { FieldError, FieldPath } from '../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../machinery/names.ts'
import type { MatchCondition } from '../../types/admissionregistration-v1.ts'
import { checkText } from '../checks.ts'
import { admissionEnvironment, compileExpression, returns } from './expressions.ts'

const most = 64

// pkg/apis/admissionregistration/validation/validation.go validateMatchConditions
/** Conditions of a webhook or a policy; `params` says whether they may speak of a policy's parameters. */
export function checkMatchConditions(
  conditions: readonly MatchCondition[] = [],
  path: FieldPath,
  errors: FieldError[],
  params = false,
): void {
  if (conditions.length > most) errors.push(field.tooMany(path, conditions.length, most))
  const environment = admissionEnvironment({ params, authorizer: true })
  const names = new Set<string>()
  // that many are refused anyway
  for (const [i, { name, expression }] of conditions.slice(0, most + 1).entries()) {
    const at = path.index(i)
    const trimmed = expression?.trim() ?? ''
    if (trimmed === '') errors.push(field.required(at.child('expression')))
    else {
      const compiled = compileExpression(trimmed, environment, returns.condition)
      if ('problem' in compiled) errors.push(field.invalid(at.child('expression'), trimmed, compiled.problem))
    }
    if (!name) errors.push(field.required(at.child('name')))
    else checkText(name, isQualifiedName, at.child('name'), errors)
    if (name && names.has(name)) errors.push(field.duplicate(at.child('name'), name))
    names.add(name)
  }
}
