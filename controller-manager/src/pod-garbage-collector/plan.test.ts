import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { collectionMetrics } from './metrics.ts'
import type { Reason } from './metrics.ts'
import { endOf, plan } from './plan.ts'
import type { PodsPlan } from './plan.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

interface Shape {
  node?: string
  phase?: string
  going?: boolean
  created?: string
  reason?: string
}

const pod = (name: string, shape: Shape = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    creationTimestamp: shape.created ?? '2026-01-01T00:00:00Z',
    ...(shape.going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  },
  spec: { containers: [], ...(shape.node ? { nodeName: shape.node } : {}) },
  status: { phase: shape.phase ?? 'Running', ...(shape.reason && { reason: shape.reason }) },
})
const node = (ready: string, outOfService = false): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  spec: { taints: outOfService ? [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] : [] },
  status: { conditions: [{ type: 'Ready', status: ready }] },
})

const look = (pods: Pod[], a: Node = node('True'), missing = new Map<string, number>(), threshold = 100): PodsPlan =>
  plan({ pods, nodes: new Map([['a', a]]), missing, terminatedThreshold: threshold }, now)
const names = (pods: Pod[] | undefined): string[] => (pods ?? []).map(({ metadata }) => metadata.name ?? '')

describe('a Pod', () => {
  const lost = new Map([['gone', now - 40_000]])
  const away = (phase: string, going = false): Pod => pod('x', { node: 'gone', phase, going })
  type Kind = 'finished' | 'outOfService' | 'unplaced' | 'orphaned' | undefined
  const kindOf = (one: Pod, a?: Node): Kind => {
    const { orphaned, finished, outOfService, unplaced } = look([one], a, lost, 0)
    if (orphaned.size > 0) return 'orphaned'
    return finished.length > 0
      ? 'finished'
      : outOfService.length > 0
        ? 'outOfService'
        : unplaced.length > 0
          ? 'unplaced'
          : undefined
  }
  const out = node('False', true)
  const unready = (taint: string): Node => ({ ...out, spec: { taints: [{ key: taint, effect: 'NoSchedule' }] } })
  it.each<[string, Pod, Node | undefined, Kind]>([
    ['runs', pod('x', { node: 'a' }), undefined, undefined],
    ['waits for a node', pod('x', { phase: 'Pending' }), undefined, undefined],
    ['goes and has no node', pod('x', { going: true }), undefined, 'unplaced'],
    ['goes, has no node, and has ended', pod('x', { going: true, phase: 'Failed' }), undefined, 'unplaced'],
    ['goes from a node that is well', pod('x', { node: 'a', going: true }), undefined, undefined],
    ['goes from a node out of service', pod('x', { node: 'a', going: true }), out, 'outOfService'],
    [
      'goes from one whose kubelet is silent',
      pod('x', { node: 'a', going: true }),
      node('Unknown', true),
      'outOfService',
    ],
    ['goes from one that never told', pod('x', { node: 'a', going: true }), { ...out, status: {} }, 'outOfService'],
    [
      'goes from one out of service, whatever the effect',
      pod('x', { node: 'a', going: true }),
      unready('node.kubernetes.io/out-of-service'),
      'outOfService',
    ],
    [
      'goes from one with another taint',
      pod('x', { node: 'a', going: true }),
      unready('node.kubernetes.io/unreachable'),
      undefined,
    ],
    [
      'goes from a node out of service that is ready',
      pod('x', { node: 'a', going: true }),
      node('True', true),
      undefined,
    ],
    ['stays on a node out of service', pod('x', { node: 'a' }), out, undefined],
    [
      'has ended on a node out of service, and goes',
      pod('x', { node: 'a', going: true, phase: 'Succeeded' }),
      out,
      'outOfService',
    ],
    ['is on a node that is gone', away('Running'), undefined, 'orphaned'],
    ['has ended on a node that is gone', away('Succeeded'), undefined, 'orphaned'],
    ['goes from a node that is gone', away('Running', true), undefined, 'orphaned'],
    ['has ended, where all may be kept', pod('x', { node: 'a', phase: 'Failed' }), undefined, undefined],
  ])('%s', (_, one, a, want) => expect(kindOf(one, a)).toBe(want))

  const target = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }
  it.each<[string, Pod, Reason, object]>([
    ['of a lost node is told why', pod('x'), 'orphaned', { phase: 'Failed', because: target }],
    ['that nobody placed only fails', pod('x', { phase: 'Pending' }), 'unscheduled', { phase: 'Failed' }],
    ['out of service only fails', pod('x'), 'out-of-service', { phase: 'Failed' }],
    [
      'in an unknown phase fails, too',
      pod('x', { phase: 'Unknown' }),
      'orphaned',
      { phase: 'Failed', because: target },
    ],
    ['that has succeeded keeps its end', pod('x', { phase: 'Succeeded' }), 'orphaned', {}],
    ['that has failed keeps its end', pod('x', { phase: 'Failed' }), 'terminated', {}],
  ])('%s', (_, one, reason, want) => expect(endOf(one, reason)).toEqual(want))

  it('is counted by namespace and reason, and once more when it cannot be removed', async () => {
    const registry = new Registry()
    const one = { ...pod('x'), metadata: { name: 'x', namespace: 'n' } }
    for (const isFailed of [false, true]) collectionMetrics(registry).removed(one, 'orphaned', isFailed)
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('pod_gc'))
    expect(lines).toEqual([
      'pod_gc_collector_force_delete_pods_total{namespace="n",reason="orphaned"} 2',
      'pod_gc_collector_force_delete_pod_errors_total{namespace="n",reason="orphaned"} 1',
    ])
  })
})

describe('plan', () => {
  it('removes what goes and was never placed', () => {
    expect(names(look([pod('x', { going: true }), pod('y'), pod('z', { going: true, node: 'a' })]).unplaced)).toEqual([
      'x',
    ])
  })

  it('waits before it believes that a node is gone', () => {
    const first = look([pod('x', { node: 'gone' })])
    expect(first.orphaned.size).toBe(0)
    expect(first.missing).toEqual(new Map([['gone', now]]))
    const later = look([pod('x', { node: 'gone' })], undefined, new Map([['gone', now - 40_000]]))
    expect(names(later.orphaned.get('gone'))).toEqual(['x'])
  })

  it('forgets a node that came back', () => {
    expect(look([pod('x', { node: 'a' })], undefined, new Map([['a', now - 40_000]])).missing.size).toBe(0)
  })

  it('frees what hangs on a node out of service', () => {
    const pods = [pod('x', { node: 'a', going: true }), pod('y', { node: 'a' })]
    expect(names(look(pods, node('False', true)).outOfService)).toEqual(['x'])
    expect(names(look(pods, node('True', true)).outOfService)).toEqual([])
    expect(names(look(pods, node('False')).outOfService)).toEqual([])
  })

  it('removes evicted Pods before any other that is over', () => {
    const created = '2025-01-01T00:00:00Z'
    const pods = [
      pod('old', { node: 'a', phase: 'Succeeded', created }),
      pod('evicted', { node: 'a', phase: 'Failed', reason: 'Evicted' }),
      pod('other', { node: 'a', phase: 'Failed', reason: 'NodeLost', created }),
    ]
    expect(names(look(pods, undefined, undefined, 2).finished)).toEqual(['evicted'])
    expect(names(look(pods, undefined, undefined, 1).finished)).toEqual(['evicted', 'old'])
  })

  it('keeps the youngest finished Pods', () => {
    const pods = [
      pod('new', { node: 'a', phase: 'Failed', created: '2026-01-01T00:00:00Z' }),
      pod('old', { node: 'a', phase: 'Succeeded', created: '2025-01-01T00:00:00Z' }),
      pod('running', { node: 'a', created: '2024-01-01T00:00:00Z' }),
    ]
    expect(names(look(pods, undefined, undefined, 1).finished)).toEqual(['old'])
    expect(names(look(pods, undefined, undefined, 0).finished)).toEqual([])
    expect(names(look(pods, undefined, undefined, 2).finished)).toEqual([])
  })

  it('takes the names of those of one age in order', () => {
    const pods = ['b', 'c', 'a'].map((name) => pod(name, { node: 'a', phase: 'Failed' }))
    expect(names(look(pods, undefined, undefined, 1).finished)).toEqual(['a', 'b'])
  })

  it('counts each node that is missed from when it was first missed', () => {
    const pods = [pod('x', { node: 'gone' }), pod('y', { node: 'lost' }), pod('z', { node: 'gone' })]
    const { missing, orphaned } = look(pods, undefined, new Map([['gone', now - 39_999]]))
    expect([[...missing], orphaned.size]).toEqual([
      [
        ['gone', now - 39_999],
        ['lost', now],
      ],
      0,
    ])
  })
})
