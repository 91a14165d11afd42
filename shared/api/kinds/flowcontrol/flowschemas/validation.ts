import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../../types/flowcontrol-v1.ts'
import { mandatoryFlowSchemas } from '../bootstrap.ts'
import { validateConditions } from '../conditions.ts'

const specPath = new FieldPath('spec')
const maxPrecedence = 10_000
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

// pkg/apis/flowcontrol/validation/validation.go ValidateFlowSchema
export function validate({ metadata, spec }: FlowSchema): FieldError[] {
  const { name = '' } = metadata
  const errors: FieldError[] = []
  checkPrecedence(name, spec.matchingPrecedence, errors)
  const { distinguisherMethod } = spec
  if (distinguisherMethod !== undefined && !['ByNamespace', 'ByUser'].includes(distinguisherMethod.type)) {
    const at = specPath.child('distinguisherMethod', 'type')
    errors.push(notSupported(at, distinguisherMethod, ['ByNamespace', 'ByUser']))
  }
  const level = spec.priorityLevelConfiguration.name
  const levelPath = specPath.child('priorityLevelConfiguration', 'name')
  if (level === '') errors.push(required(levelPath, 'must reference a priority level'))
  else for (const text of isDNS1123Subdomain(level)) errors.push(invalid(levelPath, level, text))
  for (const [i, rule] of (spec.rules ?? []).entries()) checkRules(rule, specPath.child('rules').index(i), errors)
  const fixed = mandatoryFlowSchemas.find((one) => one.metadata.name === name)?.spec
  if (fixed !== undefined && !deepEqual(spec, fixed)) {
    errors.push(invalid(specPath, spec, `spec of '${name}' must equal the fixed value`))
  }
  return errors
}

function checkPrecedence(name: string, value: number, errors: FieldError[]): void {
  const path = specPath.child('matchingPrecedence')
  if (value <= 0) errors.push(invalid(path, value, 'must be a positive value'))
  if (value > maxPrecedence) errors.push(invalid(path, value, `must not be greater than ${maxPrecedence}`))
  if (value === 1 && name !== 'exempt') {
    errors.push(invalid(path, value, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
}

function checkRules(rule: PolicyRulesWithSubjects, path: FieldPath, errors: FieldError[]): void {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule
  if (subjects.length === 0) {
    errors.push(required(path.child('subjects'), 'subjects must contain at least one value'))
  }
  for (const [i, subject] of subjects.entries()) checkSubject(subject, path.child('subjects').index(i), errors)
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  for (const [i, one] of resourceRules.entries()) checkResource(one, path.child('resourceRules').index(i), errors)
  for (const [i, one] of nonResourceRules.entries()) {
    checkNonResource(one, path.child('nonResourceRules').index(i), errors)
  }
}

const members = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
type SubjectKind = keyof typeof members
const subjectKinds: readonly string[] = ['Group', 'ServiceAccount', 'User']

function checkSubject(subject: Subject, path: FieldPath, errors: FieldError[]): void {
  if (!subjectKinds.includes(subject.kind)) {
    errors.push(notSupported(path.child('kind'), subject.kind, subjectKinds))
    return
  }
  const kind = subject.kind as SubjectKind
  const own = members[kind]
  if (subject[own] === undefined) {
    errors.push(required(path.child(own), `${own} is required when subject kind is '${kind}'`))
  } else if (kind === 'ServiceAccount') {
    checkAccount(subject.serviceAccount, path.child(own), errors)
  } else if (subject[own].name === '') {
    errors.push(required(path.child(own, 'name')))
  }
  for (const [other, member] of Object.entries(members)) {
    if (other === kind || subject[member] === undefined) continue
    errors.push(forbidden(path.child(member), `${member} is forbidden when subject kind is not '${other}'`))
  }
}

function checkAccount(account: Subject['serviceAccount'], path: FieldPath, errors: FieldError[]): void {
  const { name = '', namespace = '' } = account ?? {}
  if (name === '') errors.push(required(path.child('name')))
  else if (name !== '*') {
    for (const text of isDNS1123Subdomain(name)) errors.push(invalid(path.child('name'), name, text))
  }
  if (namespace === '') {
    errors.push(required(path.child('namespace'), 'must specify namespace for service account'))
  } else {
    for (const text of isDNS1123Label(namespace)) errors.push(invalid(path.child('namespace'), namespace, text))
  }
}

/** A list that must have something, and either the wildcard alone or none. Tells whether it is without the wildcard. */
function checkList(
  values: readonly string[],
  path: FieldPath,
  empty: string,
  others: string,
  errors: FieldError[],
): boolean {
  if (values.length === 0) errors.push(required(path, empty))
  else if (!values.includes('*')) return true
  else if (values.length > 1) errors.push(invalid(path, values, `if '*' is present, must not specify other ${others}`))
  return false
}

function checkVerbs(values: readonly string[], path: FieldPath, errors: FieldError[]): void {
  const plain = checkList(values, path, 'verbs must contain at least one value', 'verbs', errors)
  if (plain && !values.every((verb) => verbs.includes(verb))) errors.push(notSupported(path, values, verbs))
}

function checkResource(rule: ResourcePolicyRule, path: FieldPath, errors: FieldError[]): void {
  checkVerbs(rule.verbs, path.child('verbs'), errors)
  const groupsText = 'resource rules must supply at least one api group'
  checkList(rule.apiGroups, path.child('apiGroups'), groupsText, 'api groups', errors)
  const resourcesText = 'resource rules must supply at least one resource'
  checkList(rule.resources, path.child('resources'), resourcesText, 'resources', errors)
  const namespaces = rule.namespaces ?? []
  const at = path.child('namespaces')
  if (namespaces.length === 0 && rule.clusterScope === true) return
  const text = 'resource rules that are not cluster scoped must supply at least one namespace'
  if (!checkList(namespaces, at, text, 'namespaces', errors)) return
  for (const [i, name] of namespaces.entries()) {
    for (const problem of isDNS1123Label(name)) {
      errors.push(invalid(at.index(i), name, `each member of this list must be '*' or a DNS-1123 label; ${problem}`))
    }
  }
}

function checkNonResource(rule: NonResourcePolicyRule, path: FieldPath, errors: FieldError[]): void {
  checkVerbs(rule.verbs, path.child('verbs'), errors)
  const at = path.child('nonResourceURLs')
  const text = 'nonResourceURLs must contain at least one value'
  if (!checkList(rule.nonResourceURLs, at, text, 'non-resource URLs', errors)) return
  for (const [i, url] of rule.nonResourceURLs.entries()) {
    const problem = urlProblem(url)
    if (problem !== undefined) errors.push(invalid(at.index(i), url, problem))
  }
}

// pkg/apis/flowcontrol/validation/validation.go ValidateNonResourceURLPath
function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}

export const validateStatusUpdate = ({ status }: FlowSchema): FieldError[] => validateConditions(status?.conditions)
