import { invalid, notSupported, required, type FieldError, type FieldPath } from '../../../../machinery/fieldpath.ts'
import type { Schema } from '../../../structural/schema.ts'

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const breaks = /[\n\r]/

/** What is wrong with the rules of a schema before their expressions are looked at. */
// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go ValidateCustomResourceDefinitionOpenAPISchema
export function validateRules(path: FieldPath, schema: Schema): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const place = path.child('x-kubernetes-validations').index(i)
    const { message = '', messageExpression = '', reason, fieldPath = '' } = rule
    const text = rule.rule?.trim() ?? ''
    if (text === '') errors.push(required(place.child('rule'), 'rule is not specified'))
    else if (message !== '' && message.trim() === '')
      errors.push(invalid(place.child('message'), message, 'must be non-empty if specified'))
    else if (breaks.test(message.trim()))
      errors.push(invalid(place.child('message'), message, 'must not contain line breaks'))
    else if (breaks.test(text) && message.trim() === '')
      errors.push(required(place.child('message'), 'message must be specified if rule contains line breaks'))
    if (messageExpression !== '' && messageExpression.trim() === '')
      errors.push(required(place.child('messageExpression'), 'messageExpression must be non-empty if specified'))
    if (reason !== undefined && !reasons.includes(reason))
      errors.push(notSupported(place.child('reason'), reason, reasons))
    if (fieldPath !== '' && fieldPath.trim() === '')
      errors.push(invalid(place.child('fieldPath'), fieldPath, 'must be non-empty if specified'))
    if (breaks.test(fieldPath))
      errors.push(invalid(place.child('fieldPath'), fieldPath, 'must not contain line breaks'))
  }
  return errors
}
