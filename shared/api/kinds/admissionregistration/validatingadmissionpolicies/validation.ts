import type { Environment } from '../../../../machinery/cel/environment.ts'
import { deepEqual } from '../../../../machinery/deep.ts'
import * as field from '../../../../machinery/fieldpath.ts'
import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { AuditAnnotation, Validation, ValidatingAdmissionPolicy } from '../../../types/admissionregistration-v1.ts'
import { checkText } from '../../checks.ts'
import { admissionEnvironment, compose, returns } from '../expressions.ts'
import { checkMatchConditions } from '../match-conditions.ts'
import {
  checkExpression,
  checkMatchResources,
  checkParamKind,
  checkRequiredChoice,
  checkVariable,
} from '../policy-checks.ts'

const path = new FieldPath('spec')
const maxAuditAnnotations = 20
const maxValueExpression = 5 * 1024

// pkg/apis/admissionregistration/validation/validation.go ValidateValidatingAdmissionPolicy
export const validate = (policy: ValidatingAdmissionPolicy): FieldError[] => check(policy, false)

// pkg/apis/admissionregistration/validation/validation.go ValidateValidatingAdmissionPolicyUpdate
/** Conditions that did not change are not looked at again. */
export function validateUpdate(policy: ValidatingAdmissionPolicy, old: ValidatingAdmissionPolicy): FieldError[] {
  const same =
    deepEqual(policy.spec.paramKind, old.spec.paramKind) &&
    deepEqual(policy.spec.matchConditions, old.spec.matchConditions)
  return check(policy, same)
}

// pkg/apis/admissionregistration/validation/validation.go validateValidatingAdmissionPolicySpec
function check({ metadata, spec }: ValidatingAdmissionPolicy, ignoreConditions: boolean): FieldError[] {
  const errors: FieldError[] = []
  checkRequiredChoice(spec.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), errors)
  if (spec.paramKind) checkParamKind(spec.paramKind, path.child('paramKind'), errors)
  const constraints = path.child('matchConstraints')
  if (!spec.matchConstraints) errors.push(field.required(constraints))
  else {
    checkMatchResources(spec.matchConstraints, constraints, errors)
    if (!spec.matchConstraints.resourceRules?.length) errors.push(field.required(constraints.child('resourceRules')))
  }
  const params = spec.paramKind !== undefined
  if (!ignoreConditions) checkMatchConditions(spec.matchConditions, path.child('matchConditions'), errors, params)
  const { validations = [], auditAnnotations = [], variables = [] } = spec
  const composition = compose(admissionEnvironment({ params, authorizer: true }), variables)
  for (const [i, variable] of variables.entries()) {
    checkVariable(variable, composition, path.child('variables').index(i), errors)
  }
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item'
    errors.push(field.required(path.child('validations'), text), field.required(path.child('auditAnnotations'), text))
    return errors
  }
  // a message is made without the right to ask who may do what
  const forMessages = compose(admissionEnvironment({ params, authorizer: false }), variables).environment
  for (const [i, validation] of validations.entries()) {
    checkValidation(validation, composition.environment, forMessages, path.child('validations').index(i), errors)
  }
  checkAuditAnnotations(auditAnnotations, metadata.name ?? '', composition.environment, errors)
  return errors
}

// pkg/apis/admissionregistration/validation/validation.go validateValidation
function checkValidation(
  { expression, message = '', messageExpression = '', reason }: Validation,
  environment: Environment,
  forMessages: Environment,
  at: FieldPath,
  errors: FieldError[],
): void {
  if (!expression?.trim()) errors.push(field.required(at.child('expression'), 'expression is not specified'))
  else checkExpression(expression, environment, returns.condition, at.child('expression'), errors)
  const expressionPath = at.child('messageExpression')
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(field.invalid(expressionPath, messageExpression, 'must be non-empty if specified'))
  } else if (messageExpression !== '') {
    checkExpression(messageExpression, forMessages, returns.message, expressionPath, errors)
  }
  if (message !== '' && message.trim() === '') {
    errors.push(field.invalid(at.child('message'), message, 'message must be non-empty if specified'))
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(field.invalid(at.child('message'), message, 'message must not contain line breaks'))
  }
  if (reason !== undefined) {
    const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
    if (!reasons.includes(reason)) errors.push(field.notSupported(at.child('reason'), reason, reasons))
  }
}

// pkg/apis/admissionregistration/validation/validation.go validateAuditAnnotation
function checkAuditAnnotations(
  annotations: readonly AuditAnnotation[],
  name: string,
  environment: Environment,
  errors: FieldError[],
): void {
  const list = path.child('auditAnnotations')
  if (annotations.length > maxAuditAnnotations) {
    const text = `must not have more than ${maxAuditAnnotations} auditAnnotations`
    errors.push(field.invalid(list, annotations, text))
  }
  const keys = new Set<string>()
  for (const [i, { key = '', valueExpression = '' }] of annotations.entries()) {
    const at = list.index(i)
    if (name === '') errors.push(field.invalid(at.child('key'), key, 'requires metadata.name be non-empty'))
    else checkText(`${name}/${key}`, isQualifiedName, at.child('key'), errors)
    const trimmed = valueExpression.trim()
    const valuePath = at.child('valueExpression')
    if (trimmed === '') errors.push(field.required(valuePath, 'valueExpression is not specified'))
    else if (Buffer.byteLength(trimmed) > maxValueExpression) {
      errors.push(field.required(valuePath, `must not exceed ${maxValueExpression} bytes in length`))
    } else checkExpression(trimmed, environment, returns.auditValue, valuePath, errors)
    if (keys.has(key)) errors.push(field.duplicate(at.child('key'), key))
    keys.add(key)
  }
}
