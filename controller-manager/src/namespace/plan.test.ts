import { describe, expect, it } from 'vitest'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import type { DiscoveredResource } from '../discovery/resources.ts'
import { deletionOrder, isEmptied, planStatus, retryAfter } from './plan.ts'
import type { Pass } from './plan.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const clean: Pass = { discoveryFailures: [], deletionFailures: [], remaining: [], graceSeconds: 0 }
const namespace: Namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'n', deletionTimestamp: '2026-01-01T00:00:00Z' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Terminating' },
}
const resource = (plural: string, verbs: string[], namespaced = true, group = ''): DiscoveredResource => ({
  ref: { group, version: 'v1', plural, kind: plural, namespaced },
  verbs,
})
const condition = (pass: Pass, type: string): string => {
  const found = planStatus(namespace, pass, now).conditions?.find((each) => each.type === type)
  return `${found?.status} ${found?.reason} ${found?.message}`
}

describe('deletionOrder', () => {
  it('takes Pods first and only what can be listed and deleted', () => {
    const order = deletionOrder([
      resource('configmaps', ['list', 'delete', 'deletecollection']),
      resource('pods', ['list', 'delete']),
      resource('nodes', ['list', 'delete'], false),
      resource('bindings', ['create']),
      resource('pods', ['list'], true, 'metrics.k8s.io'),
    ])
    expect(order.map((step) => step.map(({ ref }) => ref.plural))).toEqual([['pods'], ['configmaps']])
  })
})

describe('planStatus', () => {
  it('reports a clean pass', () => {
    expect(planStatus(namespace, clean, now).conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'NamespaceDeletionDiscoveryFailure False',
      'NamespaceDeletionGroupVersionParsingFailure False',
      'NamespaceDeletionContentFailure False',
      'NamespaceContentRemaining False',
      'NamespaceFinalizersRemaining False',
    ])
    expect(isEmptied(clean)).toBe(true)
  })

  it('says what remains and why', () => {
    const pass: Pass = {
      ...clean,
      remaining: [
        { resource: 'pods', group: '', count: 2, finalizers: {} },
        { resource: 'widgets', group: 'example.com', count: 1, finalizers: { 'example.com/keep': 1 } },
      ],
      deletionFailures: ['refused'],
      graceSeconds: 30,
    }
    expect(condition(pass, 'NamespaceContentRemaining')).toBe(
      'True SomeResourcesRemain Some resources are remaining: pods. has 2 resource instances, widgets.example.com has 1 resource instances',
    )
    expect(condition(pass, 'NamespaceFinalizersRemaining')).toBe(
      'True SomeFinalizersRemain Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances',
    )
    expect(condition(pass, 'NamespaceDeletionContentFailure')).toBe(
      'True ContentDeletionFailed Failed to delete all resource types, 1 remaining: refused',
    )
    expect(isEmptied(pass)).toBe(false)
    expect(retryAfter(pass)).toBe(16_000)
  })

  it('keeps a status that says so already', () => {
    const status = planStatus(namespace, clean, now)
    expect(planStatus({ ...namespace, status }, clean, now + 60_000)).toBe(status)
  })

  it('keeps the time since when something remains, however much that is', () => {
    const left = (count: number): Pass => ({
      ...clean,
      remaining: [{ resource: 'pods', group: '', count, finalizers: {} }],
    })
    const status = planStatus(namespace, left(2), now)
    const later = planStatus({ ...namespace, status }, left(1), now + 60_000)
    const remaining = later.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')
    expect(remaining).toMatchObject({
      message: 'Some resources are remaining: pods. has 1 resource instances',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    })
    const done = planStatus({ ...namespace, status: later }, clean, now + 60_000)
    expect(done.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')).toMatchObject({
      status: 'False',
      lastTransitionTime: '2026-01-01T00:01:00Z',
    })
  })

  it('names groups that cannot be discovered in the order of their names', () => {
    const [b, a] = ['b/v1', 'a/v1'].map((groupVersion) => ({ groupVersion, message: 'down' }))
    expect(condition({ ...clean, discoveryFailures: [b!, a!] }, 'NamespaceDeletionDiscoveryFailure')).toBe(
      'True DiscoveryFailed Discovery failed for some groups, 2 failing: unable to retrieve the complete list of server APIs: a/v1: down, b/v1: down',
    )
  })

  it('does not finish while a group is unknown', () => {
    expect(isEmptied({ ...clean, discoveryFailures: [{ groupVersion: 'x/v1', message: 'down' }] })).toBe(false)
  })
})
