import type { Environment } from '../../../../machinery/cel/environment.ts'
import type { CelType } from '../../../../machinery/cel/types.ts'
import { deepEqual } from '../../../../machinery/deep.ts'
import * as field from '../../../../machinery/fieldpath.ts'
import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { MatchResources, MutatingAdmissionPolicy, Mutation } from '../../../types/admissionregistration-v1.ts'
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
const operations = ['*', 'CONNECT', 'CREATE', 'UPDATE']

// pkg/apis/admissionregistration/validation/validation.go ValidateMutatingAdmissionPolicy
export const validate = (policy: MutatingAdmissionPolicy): FieldError[] => check(policy, false)

// pkg/apis/admissionregistration/validation/validation.go ValidateMutatingAdmissionPolicyUpdate
/** Conditions that did not change are not looked at again. */
export function validateUpdate(policy: MutatingAdmissionPolicy, old: MutatingAdmissionPolicy): FieldError[] {
  const same =
    deepEqual(policy.spec.paramKind, old.spec.paramKind) &&
    deepEqual(policy.spec.matchConditions, old.spec.matchConditions)
  return check(policy, same)
}

// pkg/apis/admissionregistration/validation/validation.go validateMutatingAdmissionPolicySpec
function check({ spec }: MutatingAdmissionPolicy, ignoreConditions: boolean): FieldError[] {
  const errors: FieldError[] = []
  checkRequiredChoice(spec.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), errors)
  if (spec.paramKind) checkParamKind(spec.paramKind, path.child('paramKind'), errors)
  const constraints = path.child('matchConstraints')
  if (!spec.matchConstraints) errors.push(field.required(constraints))
  else {
    checkMatchResources(spec.matchConstraints, constraints, errors)
    if (!spec.matchConstraints.resourceRules?.length) errors.push(field.required(constraints.child('resourceRules')))
    checkMutable(spec.matchConstraints, constraints, errors)
  }
  const params = spec.paramKind !== undefined
  if (!ignoreConditions) checkMatchConditions(spec.matchConditions, path.child('matchConditions'), errors, params)
  const { mutations = [], variables = [] } = spec
  const composition = compose(admissionEnvironment({ params, authorizer: true, patches: true }), variables)
  for (const [i, variable] of variables.entries()) {
    checkVariable(variable, composition, path.child('variables').index(i), errors)
  }
  if (mutations.length === 0) {
    errors.push(field.required(path.child('mutations'), 'mutations must contain at least one item'))
  }
  for (const [i, mutation] of mutations.entries()) {
    checkMutation(mutation, composition.environment, path.child('mutations').index(i), errors)
  }
  checkRequiredChoice(spec.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'), errors)
  return errors
}

/** What is deleted cannot be changed. */
export function checkMutable(match: MatchResources, at: FieldPath, errors: FieldError[]): void {
  const where = at.child('resourceRules', 'operations')
  for (const operation of (match.resourceRules ?? []).flatMap((rule) => rule.operations ?? [])) {
    if (!operations.includes(operation)) errors.push(field.notSupported(where, operation, operations))
  }
}

// pkg/apis/admissionregistration/validation/validation.go validateMutation
function checkMutation(mutation: Mutation, environment: Environment, at: FieldPath, errors: FieldError[]): void {
  const { patchType } = mutation
  const names = { JSONPatch: 'jsonPatch', ApplyConfiguration: 'applyConfiguration' } as const
  if (!patchType) errors.push(field.required(at.child('patchType')))
  else if (patchType !== 'JSONPatch' && patchType !== 'ApplyConfiguration') {
    errors.push(field.notSupported(at.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch']))
  } else {
    const own = names[patchType]
    const other = own === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch'
    if (mutation[own] === undefined) {
      errors.push(field.required(at.child(own), `must be specified when patchType is ${patchType}`))
    } else {
      checkPatch(mutation[own].expression, environment, returns[own], at.child(own, 'expression'), errors)
    }
    if (mutation[other] !== undefined) {
      errors.push(field.invalid(at.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`))
    }
  }
}

function checkPatch(
  expression = '',
  environment: Environment,
  types: readonly CelType[],
  at: FieldPath,
  errors: FieldError[],
): void {
  const trimmed = expression.trim()
  if (trimmed === '') errors.push(field.required(at))
  else checkExpression(trimmed, environment, types, at, errors)
}
