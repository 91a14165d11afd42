import type { RuleWithOperations } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import { describe, expect, it } from 'vitest'
import { isExempt, matchesObject, matchesRule, type Attributes } from './matches.ts'

const attributes: Attributes = {
  operation: 'CREATE',
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  subresource: '',
  namespace: 'default',
}
const rule: RuleWithOperations = {
  operations: ['CREATE', 'UPDATE'],
  apiGroups: ['apps', ''],
  apiVersions: ['v1'],
  resources: ['deployments', 'pods/status'],
}

describe('matchesRule', () => {
  it.each<[object, object, boolean]>([
    [{}, {}, true],
    [{ operations: ['*'] }, { operation: 'CONNECT' }, true],
    [{}, { operation: 'DELETE' }, false],
    [{ apiGroups: ['*'] }, { group: 'anything' }, true],
    [{}, { group: 'batch' }, false],
    [{ apiVersions: ['*'] }, { version: 'v9' }, true],
    [{}, { version: 'v1beta1' }, false],
    [{}, { subresource: 'status' }, false],
    [{}, { plural: 'pods' }, false],
    [{}, { plural: 'pods', subresource: 'status' }, true],
    [{ resources: ['*'] }, {}, true],
    [{ resources: ['*'] }, { subresource: 'status' }, false],
    [{ resources: ['*/*'] }, { subresource: 'status' }, true],
    [{ resources: ['*/*'] }, {}, true],
    [{ resources: ['*/scale'] }, { subresource: 'scale' }, true],
    [{ resources: ['*/scale'] }, {}, false],
    [{ resources: ['deployments/*'] }, {}, true],
    [{ resources: ['deployments/*'] }, { plural: 'pods' }, false],
    [{ scope: 'Namespaced' }, {}, true],
    [{ scope: 'Cluster' }, {}, false],
    [{ scope: 'Cluster' }, { namespace: '' }, true],
    [{ scope: 'Namespaced' }, { namespace: '' }, false],
    [{ scope: 'Cluster', resources: ['*'] }, { group: '', plural: 'namespaces' }, true],
    [{ scope: 'Namespaced', resources: ['*'] }, { group: '', plural: 'namespaces' }, false],
  ])('rule %j, request %j: %s', (ofRule, ofRequest, matches) => {
    expect(matchesRule({ ...rule, ...ofRule }, { ...attributes, ...ofRequest })).toBe(matches)
  })
})

describe('matchesObject', () => {
  const selector = labelSelectorFromObject({ matchLabels: { a: 'b' } })
  const labelled = { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { a: 'b' } } }
  const plain = { apiVersion: 'v1', kind: 'Pod', metadata: {} }

  it.each([
    [{ object: labelled }, true],
    [{ object: plain }, false],
    [{ object: plain, old: labelled }, true],
    [{ old: plain }, false],
    [{}, false],
    // options of a CONNECT
    [{ object: { apiVersion: 'v1', kind: 'PodExecOptions' } as never }, false],
  ])('%j: %s', (objects, matches) => {
    expect(matchesObject(selector, { ...attributes, ...objects })).toBe(matches)
    expect(matchesObject(labelSelectorFromObject({}), { ...attributes, ...objects })).toBe(true)
  })
})

it('knows what webhooks are not asked about', () => {
  expect(isExempt('admissionregistration.k8s.io', 'validatingadmissionpolicies')).toBe(true)
  expect(isExempt('', 'pods')).toBe(false)
})
