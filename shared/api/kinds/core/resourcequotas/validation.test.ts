import { describe, expect, it } from 'vitest'
import { errorText } from '../../../../machinery/fieldpath.ts'
import type { ResourceQuota, ResourceQuotaSpec } from '../../../types/core-v1.ts'
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts'

const quota = (spec: ResourceQuotaSpec, status = {}): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' },
  spec,
  status,
})
const expression = (scopeName: string, operator: string, ...values: string[]): ResourceQuotaSpec => ({
  scopeSelector: { matchExpressions: [{ scopeName, operator, values }] },
})

describe('a ResourceQuota', () => {
  const cases: { name: string; spec: ResourceQuotaSpec; errors: string[] }[] = [
    {
      name: 'limits what is known, and counts anything',
      spec: { hard: { cpu: '1', 'requests.hugepages-2Mi': '2Mi', 'count/widgets.example.com': '3' } },
      errors: [],
    },
    {
      name: 'an unheard-of resource',
      spec: { hard: { widgets: '1' } },
      errors: [
        'spec.hard[widgets]: Invalid value: "widgets": must be a standard resource type or fully qualified',
        'spec.hard[widgets]: Invalid value: "widgets": must be a standard resource for quota',
      ],
    },
    {
      name: 'storage is for claims only',
      spec: { hard: { storage: '1' } },
      errors: ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
    },
    {
      name: 'amounts are not negative and objects are whole',
      spec: { hard: { cpu: '-1', pods: '1500m' } },
      errors: [
        'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        'spec.hard[pods]: Invalid value: "1500m": must be an integer',
      ],
    },
    {
      name: 'scopes fit what is limited',
      spec: { hard: { pods: '1', cpu: '1' }, scopes: ['BestEffort'] },
      errors: ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
    },
    {
      name: 'scopes that exclude each other',
      spec: { scopes: ['Terminating', 'NotTerminating'] },
      errors: ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes'],
    },
    {
      name: 'unknown scopes',
      spec: { scopes: ['Sometimes'] },
      errors: ['spec.scopes: Invalid value: ["Sometimes"]: unsupported scope'],
    },
    { name: 'classes that exist', spec: expression('PriorityClass', 'In', 'high'), errors: [] },
    {
      name: 'no classes named',
      spec: expression('PriorityClass', 'In'),
      errors: [
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ],
    },
    {
      name: 'classes named in vain',
      spec: expression('PriorityClass', 'Exists', 'high'),
      errors: [
        "spec.scopeSelector.matchExpressions.values: Invalid value: [\"high\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      ],
    },
    {
      name: 'an unknown operator',
      spec: expression('PriorityClass', 'Like'),
      errors: ['spec.scopeSelector.matchExpressions.operator: Invalid value: "Like": not a valid selector operator'],
    },
    {
      name: 'scopes that are there or not',
      spec: expression('Terminating', 'DoesNotExist'),
      errors: [
        'spec.scopeSelector.matchExpressions.operator: Invalid value: "DoesNotExist": must be \'Exist\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
      ],
    },
  ]
  for (const { name, spec, errors } of cases)
    it(name, () => expect(validate(quota(spec)).map(errorText)).toEqual(errors))

  it('keeps its scopes, in any order', () => {
    const old = quota({ scopes: ['Terminating', 'NotBestEffort'] })
    expect(validateUpdate(quota({ scopes: ['NotBestEffort', 'Terminating'] }), old)).toEqual([])
    expect(validateUpdate(quota({ scopes: ['Terminating'] }), old).map(errorText)).toEqual([
      'spec.scopes: Invalid value: ["Terminating"]: field is immutable',
    ])
  })

  it('has a status of the same shape', () => {
    const status = { hard: { widgets: '1' }, used: { pods: '-1' } }
    expect(validateStatusUpdate(quota({}, status)).map(errorText)).toEqual([
      'status.hard[widgets]: Invalid value: "widgets": must be a standard resource type or fully qualified',
      'status.hard[widgets]: Invalid value: "widgets": must be a standard resource for quota',
      'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
    ])
  })
})
