import { describe, expect, it } from 'vitest'
import type { Namespace, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { DiscoveredResource } from '../discovery/resources.ts'
import { deletionOrder, expectation, graceOf, isEmptied, planStatus, retryAfter } from './plan.ts'
import type { Pass, Remaining } from './plan.ts'

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

describe('what can be in a namespace', () => {
  it.each<[string, DiscoveredResource, string]>([
    ['what can be deleted one by one', resource('widgets', ['list', 'delete']), '|widgets'],
    ['what can be deleted as a whole alone', resource('widgets', ['list', 'deletecollection']), '|widgets'],
    ['what cannot be listed', resource('widgets', ['delete', 'deletecollection']), '|'],
    ['what cannot be deleted', resource('widgets', ['list', 'create']), '|'],
    ['what is of no namespace', resource('widgets', ['list', 'delete'], false), '|'],
    ['Pods', resource('pods', ['list', 'deletecollection']), 'pods|'],
    ["another group's pods", resource('pods', ['list', 'delete'], true, 'example.com'), '|pods'],
  ])('%s', (_, one, want) => {
    const order = deletionOrder([one]).map((step) => step.map(({ ref }) => ref.plural).join())
    expect(order.join('|')).toBe(want)
  })
})

describe('the time that Pods may take', () => {
  const pod = (seconds: number | undefined, phase = 'Running'): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [], ...(seconds === undefined ? {} : { terminationGracePeriodSeconds: seconds }) },
    status: { phase },
  })
  it.each<[string, Pod[], number, number]>([
    ['is that of the slowest', [pod(30), pod(60), pod(5)], 1000, 60],
    ['is none without Pods', [], 1000, 0],
    ['does not ask those that have ended', [pod(30), pod(600, 'Succeeded'), pod(600, 'Failed')], 1000, 30],
    ['is none of a Pod that does not say', [pod(undefined)], 1000, 0],
    ['is whole until it is over', [pod(30)], 29_999, 30],
    ['is over after it', [pod(30)], 30_000, 0],
  ])('%s', (_, pods, after, want) => {
    expect(graceOf(pods, namespace, now + after)).toBe(want)
  })
})

describe('what is left', () => {
  const left = (count: number, finalizers: Record<string, number> = {}): Remaining => ({
    resource: '',
    group: '',
    count,
    finalizers,
  })
  const pods = resource('pods', [])
  const widgets = resource('widgets', [], true, 'example.com')
  const unexpected = (gvr: string) => ({
    graceSeconds: 0,
    failure: `unexpected items still remain in namespace: n for gvr: ${gvr}`,
  })
  it.each<[string, DiscoveredResource, Remaining, number, object]>([
    ['is nothing', pods, left(0), 30, { graceSeconds: 0 }],
    ['are Pods that end', pods, left(2), 30, { graceSeconds: 30 }],
    ['are Pods that end, and are kept', pods, left(2, { keep: 1 }), 30, { graceSeconds: 30 }],
    ['are Pods that are kept', pods, left(2, { keep: 1 }), 0, { graceSeconds: 15 }],
    ['are Pods that should have ended', pods, left(2), 0, unexpected('/v1, Resource=pods')],
    ['is kept', widgets, left(1, { keep: 1 }), 30, { graceSeconds: 15 }],
    ['should be gone', widgets, left(1), 30, unexpected('example.com/v1, Resource=widgets')],
  ])('%s', (_, of, remaining, seconds, want) => {
    expect(expectation(of, 'n', remaining, seconds)).toEqual(want)
  })

  it.each([
    [0, 1000],
    [1, 1000],
    [15, 8000],
    [30, 16_000],
  ])('is looked for after half of %i s and one more', (graceSeconds, want) => {
    expect(retryAfter({ ...clean, graceSeconds })).toBe(want)
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

  it('adds up what holds each finalizer, whatever it is on', () => {
    const pass: Pass = {
      ...clean,
      remaining: [
        { resource: 'a', group: 'x', count: 2, finalizers: { one: 2, two: 1 } },
        { resource: 'b', group: 'x', count: 3, finalizers: { one: 3 } },
        { resource: 'c', group: 'x', count: 0, finalizers: {} },
      ],
    }
    expect(condition(pass, 'NamespaceFinalizersRemaining')).toBe(
      'True SomeFinalizersRemain Some content in the namespace has finalizers remaining: one in 5 resource instances, two in 1 resource instances',
    )
    expect(condition(pass, 'NamespaceContentRemaining')).toBe(
      'True SomeResourcesRemain Some resources are remaining: a.x has 2 resource instances, b.x has 3 resource instances',
    )
  })

  it('names what could not be deleted in the order of the texts', () => {
    expect(condition({ ...clean, deletionFailures: ['b', 'a'] }, 'NamespaceDeletionContentFailure')).toBe(
      'True ContentDeletionFailed Failed to delete all resource types, 2 remaining: a, b',
    )
  })

  it('leaves the conditions of others alone', () => {
    const other = { type: 'Other', status: 'True', reason: 'r', message: 'm' }
    const status = planStatus({ ...namespace, status: { phase: 'Active', conditions: [other] } }, clean, now)
    expect([status.phase, status.conditions?.[0], status.conditions?.length]).toEqual(['Terminating', other, 6])
  })

  it('does not finish while a group is unknown', () => {
    expect(isEmptied({ ...clean, discoveryFailures: [{ groupVersion: 'x/v1', message: 'down' }] })).toBe(false)
  })
})
