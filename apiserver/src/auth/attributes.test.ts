import { describe, expect, it } from 'vitest'
import { forbiddenRequest, type Attributes } from './attributes.ts'

const base: Attributes = {
  user: { name: 'x', groups: [] },
  verb: 'list',
  isResourceRequest: true,
  apiGroup: '',
  resource: 'pods',
  subresource: '',
  namespace: '',
  name: '',
  path: '/api/v1/pods',
}

describe('forbiddenRequest', () => {
  it.each<[Partial<Attributes>, string]>([
    [
      { namespace: 'y' },
      'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "y"',
    ],
    [{}, 'pods is forbidden: User "x" cannot list resource "pods" in API group "" at the cluster scope'],
    [
      { apiGroup: 'apps', resource: 'deployments', subresource: 'scale', verb: 'get', namespace: 'y', name: 'web' },
      'deployments.apps "web" is forbidden: User "x" cannot get resource "deployments/scale" in API group "apps" in the namespace "y"',
    ],
    [
      { isResourceRequest: false, verb: 'get', path: '/metrics', resource: '' },
      'forbidden: User "x" cannot get path "/metrics"',
    ],
  ])('%j', (attributes, text) => {
    expect(forbiddenRequest({ ...base, ...attributes }, '').status.message).toBe(text)
  })

  it('appends the reason', () => {
    expect(forbiddenRequest(base, 'because').status.message).toMatch(/at the cluster scope: because$/)
  })
})
