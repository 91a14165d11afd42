import { describe, expect, it } from 'vitest'
import type { Attributes } from './attributes.ts'
import { compileRbac, rbacAllows, ruleAllows } from './rbac-rules.ts'

const pods: Attributes = {
  user: { name: 'jane', groups: ['dev'] },
  verb: 'get',
  isResourceRequest: true,
  apiGroup: '',
  resource: 'pods',
  subresource: '',
  namespace: 'a',
  name: 'web',
  path: '',
}

describe('ruleAllows', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
  it.each([
    ['the exact rule', rule, pods, true],
    ['another verb', rule, { ...pods, verb: 'list' }, false],
    ['another group', rule, { ...pods, apiGroup: 'apps' }, false],
    ['a subresource is not the resource', rule, { ...pods, subresource: 'log' }, false],
    ['a named subresource', { ...rule, resources: ['pods/log'] }, { ...pods, subresource: 'log' }, true],
    ['any resource with it', { ...rule, resources: ['*/log'] }, { ...pods, subresource: 'log' }, true],
    ['everything', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { ...pods, subresource: 'log' }, true],
    ['its name', { ...rule, resourceNames: ['web'] }, pods, true],
    ['another name', { ...rule, resourceNames: ['db'] }, pods, false],
    ['no name', { ...rule, resourceNames: ['db'] }, { ...pods, name: '' }, false],
  ])('%s', (_, policyRule, attributes, allowed) => {
    expect(ruleAllows(policyRule, attributes)).toBe(allowed)
  })

  it.each([
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/etcd', false],
    ['/healthz/*', '/healthz/etcd', true],
    ['*', '/metrics', true],
    ['/api', '/apis', false],
  ])('path %s for %s', (url, path, allowed) => {
    const attributes = { ...pods, isResourceRequest: false, path }
    expect(ruleAllows({ verbs: ['get'], nonResourceURLs: [url] }, attributes)).toBe(allowed)
  })
})

describe('rbacAllows', () => {
  const rbac = 'rbac.authorization.k8s.io'
  const object = (kind: string, name: string, namespace?: string) => ({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  })
  const reader = {
    ...object('ClusterRole', 'reader'),
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  }
  const index = compileRbac({
    clusterRoles: [reader],
    clusterRoleBindings: [
      {
        ...object('ClusterRoleBinding', 'all'),
        subjects: [{ kind: 'User', name: 'root' }],
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'reader' },
      },
    ],
    roles: [],
    roleBindings: [
      {
        ...object('RoleBinding', 'dev', 'a'),
        subjects: [
          { kind: 'Group', name: 'dev' },
          { kind: 'ServiceAccount', name: 'default' },
        ],
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'reader' },
      },
      {
        ...object('RoleBinding', 'lost', 'a'),
        subjects: [{ kind: 'User', name: 'lost' }],
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'gone' },
      },
    ],
  })
  const allowed = (name: string, groups: string[], namespace: string) =>
    rbacAllows(index, { ...pods, user: { name, groups }, namespace }).allowed

  it.each([
    ['root', [], 'a', true],
    ['root', [], '', true],
    ['jane', ['dev'], 'a', true],
    ['jane', ['dev'], 'b', false],
    ['jane', ['dev'], '', false],
    ['jane', [], 'a', false],
    ['system:serviceaccount:a:default', [], 'a', true],
    ['system:serviceaccount:b:default', [], 'a', false],
  ])('%s %j in %j: %s', (name, groups, namespace, expected) => {
    expect(allowed(name, groups, namespace)).toBe(expected)
  })

  it('says which role is missing', () => {
    expect(rbacAllows(index, { ...pods, user: { name: 'lost', groups: [] } }).missing).toEqual([
      'role.rbac.authorization.k8s.io "gone" not found',
    ])
  })
})
