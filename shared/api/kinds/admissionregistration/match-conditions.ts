import * as field from '../../../machinery/fieldpath.ts'
import type { FieldError, FieldPath } from '../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../machinery/names.ts'
import type { MatchCondition } from '../../types/admissionregistration-v1.ts'
import { checkText } from '../checks.ts'

const most = 64

// pkg/apis/admissionregistration/validation/validation.go validateMatchConditions
export function checkMatchConditions(
  conditions: readonly MatchCondition[] = [],
  path: FieldPath,
  errors: FieldError[],
): void {
  // they need CEL: an expression that nobody evaluates must not look as if it were
  if (conditions.length > 0) errors.push(field.forbidden(path, 'matchConditions are not supported'))
  if (conditions.length > most) errors.push(field.tooMany(path, conditions.length, most))
  const names = new Set<string>()
  for (const [i, { name, expression }] of conditions.entries()) {
    const at = path.index(i)
    if (!expression?.trim()) errors.push(field.required(at.child('expression')))
    if (!name) errors.push(field.required(at.child('name')))
    else checkText(name, isQualifiedName, at.child('name'), errors)
    if (name && names.has(name)) errors.push(field.duplicate(at.child('name'), name))
    names.add(name)
  }
}
