import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { plan } from './plan.ts'
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
  })
})
