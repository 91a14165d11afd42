import { invalid, required, type FieldError, type FieldPath } from '../../../../machinery/fieldpath.ts'
import { isQuotaHugePages } from '../../quantities.ts'
import type { ResourceQuotaSpec } from '../../../types/core-v1.ts'

const scopes = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
])
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const

const standard = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])
const ofPods = new Set(['pods', 'cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])

/** Resources whose use a scope can tell apart. */
// pkg/apis/core/helper/helpers.go IsResourceQuotaScopeValidForResource
function fits(scope: string, resource: string): boolean {
  if (scope === 'BestEffort') return resource === 'pods'
  if (scope === 'VolumeAttributesClass') return resource === 'persistentvolumeclaims' || resource === 'requests.storage'
  return scopes.has(scope) ? ofPods.has(resource) : true
}

const unfit = (scope: string, { hard }: ResourceQuotaSpec): number =>
  Object.keys(hard ?? {}).filter((name) => isStandardQuota(name) && !fits(scope, name)).length

// pkg/apis/core/validation/validation.go validateResourceQuotaScopes
export function checkScopes(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldError[]): void {
  const given = spec.scopes ?? []
  const at = path.child('scopes')
  for (const scope of given) {
    if (!scopes.has(scope)) errors.push(invalid(at, given, 'unsupported scope'))
    for (let i = unfit(scope, spec); i > 0; i--)
      errors.push(invalid(at, given, 'unsupported scope applied to resource'))
  }
  checkConflicts(given, given, at, errors)
}

function checkConflicts(names: readonly string[], value: unknown, at: FieldPath, errors: FieldError[]): void {
  for (const pair of opposites)
    if (pair.every((scope) => names.includes(scope))) errors.push(invalid(at, value, 'conflicting scopes'))
}

const existsOnly = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
])
const existsText =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

// pkg/apis/core/validation/validation.go validateScopedResourceSelectorRequirement
export function checkScopeSelector(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldError[]): void {
  const { scopeSelector } = spec
  if (!scopeSelector) return
  const at = path.child('scopeSelector', 'matchExpressions')
  const names: string[] = []
  for (const { scopeName, operator, values = [] } of scopeSelector.matchExpressions ?? []) {
    if (!scopes.has(scopeName)) errors.push(invalid(at.child('scopeName'), scopeName ?? '', 'unsupported scope'))
    for (let i = unfit(scopeName, spec); i > 0; i--)
      errors.push(invalid(at, scopeSelector, 'unsupported scope applied to resource'))
    if (existsOnly.has(scopeName) && operator !== 'Exists')
      errors.push(invalid(at.child('operator'), operator ?? '', existsText))
    checkValues(operator, values, at, errors)
    names.push(scopeName)
  }
  checkConflicts(names, spec.scopes ?? null, at, errors)
}

function checkValues(operator: string, values: readonly string[], at: FieldPath, errors: FieldError[]): void {
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    if (values.length === 0) errors.push(required(at.child('values'), detail))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    if (values.length > 0) errors.push(invalid(at.child('values'), values, detail))
  } else errors.push(invalid(at.child('operator'), operator ?? '', 'not a valid selector operator'))
}

/** A resource that a quota can count by its own name. */
// pkg/apis/core/helper/helpers.go IsStandardQuotaResourceName
export const isStandardQuota = (name: string): boolean => standard.has(name) || isQuotaHugePages(name)
