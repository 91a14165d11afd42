import { describe, expect, it } from 'vitest'
import type { Node, Taint } from '@kubets/shared/api/types/core-v1.ts'
import { isRelevantChange, noMemory, plan } from './plan.ts'
import type { Memory, NodesPlan } from './plan.ts'

const start = Date.parse('2026-01-01T00:00:00Z')

interface Shape {
  ready?: string
  taints?: Taint[]
  zone?: string
  unschedulable?: boolean
  pressure?: string
}

const node = (name: string, { ready = 'True', taints, zone, unschedulable, pressure }: Shape = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(zone ? { labels: { 'topology.kubernetes.io/zone': zone } } : {}),
  },
  spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
  status: {
    conditions: [
      { type: 'Ready', status: ready, lastHeartbeatTime: '2026-01-01T00:00:00Z' },
      ...(pressure ? [{ type: pressure, status: 'True' }] : []),
    ],
  },
})

const look = (nodes: Node[], now: number, memory: Memory = noMemory, renewTime?: string): NodesPlan =>
  plan(
    {
      nodes,
      memory,
      renewTime: () => renewTime,
      nodeMonitorGraceMs: 50_000,
      nodeStartupGraceMs: 60_000,
      eviction: { intervalMs: 10_000, slowIntervalMs: 100_000, unhealthyShare: 0.55, largeZone: 50 },
    },
    now,
  )

const taintsOf = (result: NodesPlan, name: string): string[] | undefined =>
  result.changes
    .find((change) => change.node.metadata.name === name)
    ?.taints?.map(({ key, effect }) => `${key.split('/').at(-1)}:${effect}`)

describe('health', () => {
  it('leaves a node that reports alone', () => {
    const first = look([node('a')], start, noMemory, 'one')
    expect(first.changes).toEqual([])
    const second = look([node('a')], start + 60_000, first.memory, 'two')
    expect(second.changes).toEqual([])
    expect(second.lost).toEqual([])
  })

  it('marks a silent one after the grace period', () => {
    const first = look([node('a'), node('b')], start, noMemory, 'one')
    expect(look([node('a')], start + 50_000, first.memory, 'one').changes).toEqual([])
    const late = look([node('a')], start + 50_001, first.memory, 'one')
    const conditions = late.changes[0]?.conditions ?? []
    expect(conditions[0]).toMatchObject({
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: '2026-01-01T00:00:50Z',
    })
    expect(conditions.slice(1).map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'MemoryPressure NodeStatusNeverUpdated',
      'DiskPressure NodeStatusNeverUpdated',
      'PIDPressure NodeStatusNeverUpdated',
    ])
    expect(late.lost).toEqual(['a'])
    expect(late.changes[0]?.event).toBe('Node a status is now: NodeNotReady')
  })

  it('tells of none that was not ready before', () => {
    const nodes = [node('a', { ready: 'False' }), { ...node('b'), status: {} }]
    const first = look(nodes, start)
    const { changes } = look(nodes, start + 60_001, first.memory)
    expect(changes.map(({ conditions, event }) => [conditions?.length, event])).toEqual([
      [4, undefined],
      [4, undefined],
    ])
  })

  it('gives a node that never reported longer', () => {
    const silent: Node = { ...node('a'), status: {} }
    const first = look([silent], start)
    expect(look([silent], start + 60_000, first.memory).changes[0]?.conditions).toBeUndefined()
    expect(look([silent], start + 60_001, first.memory).changes[0]?.conditions?.[0]?.reason).toBe(
      'NodeStatusNeverUpdated',
    )
  })
})

describe('taints', () => {
  it('follow conditions and cordons', () => {
    const result = look([node('a', { pressure: 'DiskPressure', unschedulable: true }), node('b')], start)
    expect(taintsOf(result, 'a')).toEqual(['disk-pressure:NoSchedule', 'unschedulable:NoSchedule'])
    expect(taintsOf(result, 'b')).toBeUndefined()
  })

  it('go when the cause goes, foreign ones stay', () => {
    const taints = [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
      { key: 'mine', effect: 'NoExecute' },
    ]
    expect(taintsOf(look([node('a', { taints })], start), 'a')).toEqual(['mine:NoExecute'])
  })

  it('make Pods leave a lost node, one node an interval', () => {
    const nodes = [node('a', { ready: 'Unknown' }), node('b', { ready: 'False' }), node('c'), node('d')]
    const first = look(nodes, start)
    expect(taintsOf(first, 'a')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute'])
    expect(taintsOf(first, 'b')).toEqual(['not-ready:NoSchedule'])
    const second = look(nodes.slice(1), start + 10_000, first.memory)
    expect(taintsOf(second, 'b')).toEqual(['not-ready:NoSchedule', 'not-ready:NoExecute'])
  })

  it('make nobody leave a node that has not reported yet, before its time to do so is over', () => {
    const silent: Node = { ...node('a'), status: {} }
    const first = look([silent, node('b')], start)
    expect([first.changes, first.lost]).toEqual([[], []])
    const heartbeat = { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:01:00Z' }
    const reporting: Node = { ...node('b'), status: { conditions: [heartbeat] } }
    const second = look([silent, reporting], start + 60_001, first.memory)
    expect(taintsOf(second, 'a')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute'])
    expect(second.lost).toEqual(['a'])
  })

  it('are not slowed down by nodes that a label leaves out', () => {
    const labels = { 'node.kubernetes.io/exclude-disruption': '' }
    const out = (name: string): Node => {
      const lost = node(name, { ready: 'Unknown' })
      return { ...lost, metadata: { ...lost.metadata, labels } }
    }
    const nodes = ['a', 'b', 'c'].map(out)
    expect(taintsOf(look([...nodes, node('d')], start), 'a')).toContain('unreachable:NoExecute')
    expect(taintsOf(look(nodes, start), 'a')).toContain('unreachable:NoExecute')
    // of the others all are lost
    const all = look([...nodes, node('d', { ready: 'Unknown' })], start)
    expect(taintsOf(all, 'a')).toEqual(['unreachable:NoSchedule'])
  })

  it('change at once from one kind of lost to the other', () => {
    const taints = [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
    ]
    expect(taintsOf(look([node('a', { ready: 'Unknown', taints }), node('b')], start), 'a')).toEqual([
      'unreachable:NoSchedule',
      'unreachable:NoExecute',
    ])
  })

  it('evict nobody when every node is lost, and start anew afterwards', () => {
    const taints = [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]
    const first = look([node('a', { ready: 'Unknown', taints }), node('b', { ready: 'Unknown' })], start)
    expect(taintsOf(first, 'a')).toEqual(['unreachable:NoSchedule'])
    expect(taintsOf(first, 'b')).toEqual(['unreachable:NoSchedule'])
    expect(first.memory.allLost).toBe(true)
    const second = look([node('a'), node('b', { ready: 'Unknown' })], start + 5000, first.memory)
    expect(second.memory.health.get('b')?.at).toBe(start + 5000)
  })

  it('stop where most of a small zone is lost', () => {
    const lost = ['a', 'b', 'c'].map((name) => node(name, { ready: 'Unknown', zone: 'x' }))
    const result = look([...lost, node('d', { zone: 'x' }), node('e', { zone: 'y' })], start)
    expect(taintsOf(result, 'a')).toEqual(['unreachable:NoSchedule'])
  })
})

describe('isRelevantChange', () => {
  it('sees readiness, cordons and taints, not heartbeats', () => {
    const later = node('a')
    later.status = { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:05:00Z' }] }
    expect(isRelevantChange(node('a'), later)).toBe(false)
    expect(isRelevantChange(node('a'), node('a', { ready: 'False' }))).toBe(true)
    expect(isRelevantChange(node('a'), node('a', { unschedulable: true }))).toBe(true)
    expect(isRelevantChange(node('a'), node('a', { taints: [{ key: 'k', effect: 'NoExecute' }] }))).toBe(true)
  })
})
