import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { ResourceQuota, ResourceQuotaSpec } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'
import { checkQuantity, isHugePages } from '../../quantities.ts'

const path = new FieldPath('spec')

// pkg/apis/core/helper/helpers.go podObjectCountQuotaResources, podComputeQuotaResources, and those of claims
const podCount = ['pods']
const podCompute = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']
const claimStorage = ['persistentvolumeclaims', 'requests.storage']

/** What a scope can be applied to, of the resources without a domain. */
// pkg/apis/core/helper/helpers.go IsResourceQuotaScopeValidForResource
const scopes: ReadonlyMap<string, readonly string[]> = new Map([
  ['Terminating', [...podCount, ...podCompute]],
  ['NotTerminating', [...podCount, ...podCompute]],
  ['BestEffort', podCount],
  ['NotBestEffort', [...podCount, ...podCompute]],
  ['PriorityClass', [...podCount, ...podCompute]],
  ['CrossNamespacePodAffinity', [...podCount, ...podCompute]],
  ['VolumeAttributesClass', claimStorage],
])
const pairs = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]
const onlyExists = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity']

// pkg/apis/core/helper/helpers.go standardQuotaResources
const standard: ReadonlySet<string> = new Set([
  ...podCompute,
  ...podCount,
  ...claimStorage,
  'ephemeral-storage',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])
const isStandard = (name: string): boolean =>
  standard.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')

// pkg/apis/core/validation/validation.go ValidateResourceQuotaSpec
export function validate({ spec = {} }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = []
  checkAmounts(spec.hard, path.child('hard'), errors)
  checkScopes(spec, errors)
  checkSelector(spec, errors)
  return errors
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaUpdate
export function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const errors = validate(quota)
  const sorted = ({ spec }: ResourceQuota) => [...(spec?.scopes ?? [])].sort()
  if (!deepEqual(sorted(quota), sorted(old)))
    errors.push(invalid(path.child('scopes'), quota.spec?.scopes ?? [], 'field is immutable'))
  return errors
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaStatusUpdate
export function validateStatusUpdate({ status = {} }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = []
  checkAmounts(status.hard, new FieldPath('status', 'hard'), errors)
  checkAmounts(status.used, new FieldPath('status', 'used'), errors)
  return errors
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaResourceName, ValidateResourceQuantityValue
function checkAmounts(list: Record<string, string> | undefined, at: FieldPath, errors: FieldError[]): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const before = errors.length
    checkText(name, isQualifiedName, at.key(name), errors)
    if (errors.length === before && !name.includes('/') && name !== 'storage' && !isStandard(name))
      errors.push(invalid(at.key(name), name, 'must be a standard resource type or fully qualified'))
    if (!name.includes('/') && !isStandard(name))
      errors.push(invalid(at.key(name), name, 'must be a standard resource for quota'))
    checkQuantity(name, text, at.key(name), errors)
  }
}

const inapplicable = (scope: string, { hard = {} }: ResourceQuotaSpec): string[] => {
  const applicable = scopes.get(scope)
  return Object.keys(hard)
    .sort()
    .filter((name) => isStandard(name) && applicable?.includes(name) === false)
}

const conflicting = (given: readonly string[]): number =>
  pairs.filter((pair) => pair.every((scope) => given.includes(scope))).length

// pkg/apis/core/validation/validation.go validateResourceQuotaScopes
function checkScopes(spec: ResourceQuotaSpec, errors: FieldError[]): void {
  const { scopes: given = [] } = spec
  const at = path.child('scopes')
  for (const scope of given) {
    if (!scopes.has(scope)) errors.push(invalid(at, given, 'unsupported scope'))
    for (const _ of inapplicable(scope, spec)) errors.push(invalid(at, given, 'unsupported scope applied to resource'))
  }
  for (let i = conflicting(given); i > 0; i--) errors.push(invalid(at, given, 'conflicting scopes'))
}

// pkg/apis/core/validation/validation.go validateScopedResourceSelectorRequirement
function checkSelector(spec: ResourceQuotaSpec, errors: FieldError[]): void {
  const at = path.child('scopeSelector', 'matchExpressions')
  const expressions = spec.scopeSelector?.matchExpressions ?? []
  for (const { scopeName, operator, values = [] } of expressions) {
    if (!scopes.has(scopeName)) errors.push(invalid(at.child('scopeName'), scopeName, 'unsupported scope'))
    for (const _ of inapplicable(scopeName, spec))
      errors.push(invalid(at, spec.scopeSelector, 'unsupported scope applied to resource'))
    if (onlyExists.includes(scopeName) && operator !== 'Exists')
      errors.push(
        invalid(
          at.child('operator'),
          operator,
          "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
            'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
        ),
      )
    checkValues(operator, values, at, errors)
  }
  const names = expressions.map(({ scopeName }) => scopeName)
  for (let i = conflicting(names); i > 0; i--) errors.push(invalid(at, spec.scopes ?? [], 'conflicting scopes'))
}

function checkValues(operator: string, values: readonly string[], at: FieldPath, errors: FieldError[]): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    errors.push(required(at.child('values'), text))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    errors.push(invalid(at.child('values'), values, text))
  } else errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'))
}
