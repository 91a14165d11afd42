import type { Environment } from '../../../machinery/cel/environment.ts'
import type { CelType } from '../../../machinery/cel/types.ts'
import * as field from '../../../machinery/fieldpath.ts'
import type { FieldError, FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1035Label, isDNS1123Subdomain } from '../../../machinery/names.ts'
import type {
  MatchResources,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  Variable,
} from '../../types/admissionregistration-v1.ts'
import { checkLabelSelector, checkText } from '../checks.ts'
import { nameRules } from '../name-rules.ts'
import { compileExpression, type Composition } from './expressions.ts'
import { checkRule } from './webhook-validation.ts'

// What validating and mutating policies, and their bindings, have in common:
// pkg/apis/admissionregistration/validation/validation.go

const isPathSegment = (name: string): string[] => nameRules.pathSegment(name, false)

/** A value that must be there and one of these. */
export function checkRequiredChoice(
  value: string | undefined,
  allowed: readonly string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!value) errors.push(field.required(path))
  else if (!allowed.includes(value)) errors.push(field.notSupported(path, value, allowed))
}

// validateParamKind
export function checkParamKind({ apiVersion = '', kind = '' }: ParamKind, path: FieldPath, errors: FieldError[]): void {
  const at = path.child('apiVersion')
  const slashes = apiVersion.split('/').length - 1
  if (apiVersion === '') errors.push(field.required(at))
  else if (slashes > 1) errors.push(field.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    const [version = '', group = ''] = apiVersion === '/' ? [] : apiVersion.split('/').reverse()
    if (group !== '') checkJoined(group, group, isDNS1123Subdomain, at, errors)
    if (version === '') errors.push(field.invalid(at, apiVersion, 'version must be specified'))
    else checkJoined(version, version, isDNS1035Label, at, errors)
  }
  if (kind === '') errors.push(field.required(path.child('kind')))
  else {
    const problems = isDNS1035Label(kind.toLowerCase())
    if (problems.length === 0) return
    const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`
    errors.push(field.invalid(path.child('kind'), kind, text))
  }
}

function checkJoined(
  value: string,
  shown: string,
  check: (text: string) => string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const problems = check(value)
  if (problems.length > 0) errors.push(field.invalid(path, shown, problems.join(',')))
}

// validateMatchResources
export function checkMatchResources(match: MatchResources, path: FieldPath, errors: FieldError[]): void {
  checkRequiredChoice(match.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), errors)
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[name] === undefined) errors.push(field.required(path.child(name)))
    else checkLabelSelector(match[name], path.child(name), errors)
  }
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [i, rule] of (match[name] ?? []).entries()) checkNamedRule(rule, path.child(name).index(i), errors)
  }
}

// validateNamedRuleWithOperations
function checkNamedRule(rule: NamedRuleWithOperations, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const at = path.child('resourceNames').index(i)
    checkText(name, isPathSegment, at, errors)
    if (seen.has(name)) errors.push(field.duplicate(at, name))
    seen.add(name)
  }
  checkRule(rule, path, errors)
}

// validateParamRef
export function checkParamRef(ref: ParamRef, path: FieldPath, errors: FieldError[]): void {
  const exclusive = 'name and selector are mutually exclusive'
  if (ref.name) {
    checkText(ref.name, isPathSegment, path.child('name'), errors)
    if (ref.selector) errors.push(field.forbidden(path.child('name'), exclusive))
  }
  if (ref.selector) {
    checkLabelSelector(ref.selector, path.child('selector'), errors)
    if (ref.name) errors.push(field.forbidden(path.child('selector'), exclusive))
  } else if (!ref.name) errors.push(field.required(path, 'one of name or selector must be specified'))
  checkRequiredChoice(ref.parameterNotFoundAction, ['Deny', 'Allow'], path.child('parameterNotFoundAction'), errors)
}

const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void ' +
    'while'
  ).split(' '),
)
const isIdentifier = (name: string): boolean => /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name)

// validateVariable
export function checkVariable(
  { name, expression }: Variable,
  composition: Composition,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!name?.trim()) errors.push(field.required(path.child('name'), 'name is not specified'))
  else if (!isIdentifier(name)) {
    errors.push(field.invalid(path.child('name'), name, 'name is not a valid CEL identifier'))
  }
  if (!expression?.trim()) errors.push(field.required(path.child('expression'), 'expression is not specified'))
  else {
    const compiled = composition.variables.get(name)
    if (compiled && 'problem' in compiled) {
      errors.push(field.invalid(path.child('expression'), expression, compiled.problem))
    }
  }
}

// validateCELCondition
/** An expression that is there. */
export function checkExpression(
  expression: string,
  environment: Environment,
  types: readonly CelType[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const compiled = compileExpression(expression, environment, types)
  if ('problem' in compiled) errors.push(field.invalid(path, expression, compiled.problem))
}

// pkg/apis/admissionregistration/v1/defaults.go SetDefaults_MatchResources, SetDefaults_Rule
export function defaultMatchResources(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}
