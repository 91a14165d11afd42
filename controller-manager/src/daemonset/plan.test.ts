import { describe, expect, it } from 'vitest'
import type { DaemonSet, DaemonSetSpec } from '@kubets/shared/api/types/apps-v1.ts'
import type { Node, Pod, PodSpec, Taint } from '@kubets/shared/api/types/core-v1.ts'
import { placementFor, targetNode } from './placement.ts'
import { plan, planStatus } from './plan.ts'

const now = Date.parse('2026-01-01T01:00:00Z')

const set = (spec: Partial<DaemonSetSpec> = {}, podSpec: Partial<PodSpec> = {}): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent', generation: 2, annotations: { 'deprecated.daemonset.template.generation': '2' } },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [], ...podSpec } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    ...spec,
  },
})

const node = (name: string, rest: { labels?: Record<string, string>; taints?: Taint[] } = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: rest.labels ?? {} },
  spec: rest.taints ? { taints: rest.taints } : {},
})

interface Shape {
  node?: string
  /** For which node it waits. */
  meant?: string
  hash?: string
  ready?: boolean
  phase?: string
  going?: boolean
  /** Second of its creation. */
  at?: number
}

const pod = (name: string, shape: Shape): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    labels: { 'controller-revision-hash': shape.hash ?? 'new' },
    creationTimestamp: `2026-01-01T00:00:0${shape.at ?? 0}Z`,
    ...(shape.going ? { deletionTimestamp: '2026-01-01T00:30:00Z' } : {}),
  },
  spec: {
    containers: [],
    ...(shape.node ? { nodeName: shape.node } : {}),
    ...(shape.meant
      ? {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [shape.meant] }] }],
              },
            },
          },
        }
      : {}),
  },
  status: {
    phase: shape.phase ?? 'Running',
    conditions: [
      { type: 'Ready', status: shape.ready === false ? 'False' : 'True', lastTransitionTime: '2026-01-01T00:59:50Z' },
    ],
  },
})

const planned = (
  nodes: readonly Node[],
  pods: readonly Pod[],
  given: { set?: DaemonSet; wait?: number } = {},
): [create: string[], remove: string[], checkAfter?: number] => {
  const seen = { set: given.set ?? set(), nodes, pods, hash: 'new', failedWait: () => given.wait ?? 0 }
  const { create, delete: remove, checkAfter } = plan(seen, now)
  const names = remove.map(({ metadata }) => metadata.name ?? '')
  return checkAfter === undefined ? [create, names] : [create, names, checkAfter]
}

describe('where a daemon belongs', () => {
  const taint = (effect: string): Taint => ({ key: 'k', value: 'v', effect })
  it.each<[string, DaemonSet, Node, boolean, boolean]>([
    ['any node', set(), node('a'), true, true],
    [
      'a node that its selector wants',
      set({}, { nodeSelector: { x: 'y' } }),
      node('a', { labels: { x: 'y' } }),
      true,
      true,
    ],
    ['not a node of other labels', set({}, { nodeSelector: { x: 'y' } }), node('a'), false, false],
    ['its own node only', set({}, { nodeName: 'b' }), node('a'), false, false],
    ['not a tainted node, but it may stay', set(), node('a', { taints: [taint('NoSchedule')] }), false, true],
    ['not a node that evicts', set(), node('a', { taints: [taint('NoExecute')] }), false, false],
    [
      'a tainted node that it bears with',
      set({}, { tolerations: [{ operator: 'Exists' }] }),
      node('a', { taints: [taint('NoExecute')] }),
      true,
      true,
    ],
    [
      'a node that is cordoned, full or out of touch',
      set(),
      node('a', {
        taints: [
          { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
        ],
      }),
      true,
      true,
    ],
    [
      'a node without network only if it needs none',
      set(),
      node('a', { taints: [{ key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }] }),
      false,
      true,
    ],
    [
      'a node without network if it uses the host’s',
      set({}, { hostNetwork: true }),
      node('a', { taints: [{ key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }] }),
      true,
      true,
    ],
  ])('%s', (_, daemons, on, run, stay) => {
    expect(placementFor(daemons)(on)).toEqual({ run, stay })
  })

  it('a Pod says which node it is for', () => {
    expect([
      targetNode(pod('p', { node: 'a' })),
      targetNode(pod('p', { meant: 'b' })),
      targetNode(pod('p', {})),
    ]).toEqual(['a', 'b', undefined])
  })
})

describe('a DaemonSet', () => {
  const a = node('a')
  const b = node('b')
  const tainted = node('t', { taints: [{ key: 'k', effect: 'NoExecute' }] })
  const evicted = pod('p', { node: 't' })
  it.each<[string, Node[], Pod[], [string[], string[], number?], { set?: DaemonSet; wait?: number }?]>([
    ['gets a Pod on every node', [a, b], [], [['a', 'b'], []]],
    ['counts a Pod that waits for its node', [a], [pod('p', { meant: 'a' })], [[], []]],
    ['keeps the oldest of several', [a], [pod('p', { node: 'a', at: 2 }), pod('q', { node: 'a', at: 1 })], [[], ['p']]],
    ['prefers the one that has its node', [a], [pod('p', { meant: 'a' }), pod('q', { node: 'a', at: 5 })], [[], ['p']]],
    ['leaves a node it may not be on', [tainted], [evicted], [[], ['p']]],
    ['waits for a Pod that goes', [a], [pod('p', { node: 'a', going: true })], [[], []]],
    [
      'does not wait for one that has ended and goes',
      [a],
      [pod('p', { node: 'a', going: true, phase: 'Failed' })],
      [['a'], []],
    ],
    ['replaces a Pod that failed', [a], [pod('p', { node: 'a', phase: 'Failed' })], [[], ['p']]],
    ['but not too often', [a], [pod('p', { node: 'a', phase: 'Failed' })], [[], [], 700], { wait: 700 }],
    ['replaces a Pod that succeeded', [a], [pod('p', { node: 'a', phase: 'Succeeded' })], [[], ['p']]],
    [
      'deletes what waits for a node that is gone',
      [a],
      [pod('p', { node: 'a' }), pod('q', { meant: 'x' })],
      [[], ['q']],
    ],
    [
      'leaves to others what ran on a node that is gone',
      [a],
      [pod('p', { node: 'a' }), pod('q', { node: 'x' })],
      [[], []],
    ],
  ])('%s', (_, nodes, pods, wanted, given) => {
    expect(planned(nodes, pods, given)).toEqual(wanted)
  })

  const old = (name: string, on: string, rest: Shape = {}): Pod => pod(name, { node: on, hash: 'old', ...rest })
  const fresh = (name: string, on: string, rest: Shape = {}): Pod => pod(name, { node: on, ...rest })
  const strategy = (rollingUpdate: {
    maxUnavailable?: number | string
    maxSurge?: number | string
  }): { set: DaemonSet } => ({
    set: set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }),
  })
  it.each<[string, Pod[], [string[], string[]], { set?: DaemonSet }?]>([
    ['deletes one old Pod', [old('p', 'a'), old('q', 'b')], [[], ['p']]],
    ['waits for the new one', [fresh('p', 'a', { ready: false }), old('q', 'b')], [[], []]],
    ['goes on when it is there', [fresh('p', 'a'), old('q', 'b')], [[], ['q']]],
    ['replaces at once what serves nobody', [old('p', 'a', { ready: false }), old('q', 'b')], [[], ['p', 'q']]],
    ['deletes half', [old('p', 'a'), old('q', 'b')], [[], ['p']], strategy({ maxUnavailable: '50%' })],
    ['rounds up', [old('p', 'a'), old('q', 'b')], [[], ['p']], strategy({ maxUnavailable: '1%' })],
    [
      'deletes nothing by itself',
      [old('p', 'a'), old('q', 'b')],
      [[], []],
      { set: set({ updateStrategy: { type: 'OnDelete' } }) },
    ],
    [
      'creates one beside the old',
      [old('p', 'a'), old('q', 'b')],
      [['a'], []],
      strategy({ maxSurge: 1, maxUnavailable: 0 }),
    ],
    [
      'deletes the old when the new serves',
      [old('p', 'a'), fresh('n', 'a'), old('q', 'b')],
      [[], ['p']],
      strategy({ maxSurge: 1, maxUnavailable: 0 }),
    ],
    [
      'does not wait for one that goes while it surges',
      [old('p', 'a', { going: true }), fresh('q', 'b')],
      [['a'], []],
      strategy({ maxSurge: 1, maxUnavailable: 0 }),
    ],
    [
      'nor for one that failed',
      [old('p', 'a', { phase: 'Failed' }), fresh('q', 'b')],
      [['a'], ['p']],
      strategy({ maxSurge: 1, maxUnavailable: 0 }),
    ],
    [
      'keeps both while the new one does not',
      [old('p', 'a'), fresh('n', 'a', { ready: false }), old('q', 'b')],
      [[], []],
      strategy({ maxSurge: 1, maxUnavailable: 0 }),
    ],
  ])('rolls: %s', (_, pods, wanted, given) => {
    expect(planned([a, b], pods, given)).toEqual(wanted)
  })

  it('waits until a ready Pod has been so for long enough', () => {
    const slow = set({ minReadySeconds: 15 })
    const pods = [fresh('p', 'a'), old('q', 'b')]
    expect(planned([a, b], pods, { set: slow })).toEqual([[], ['q']])
    const seen = { set: slow, nodes: [a, b, tainted], pods: [...pods, evicted], hash: 'new' }
    expect(planStatus(seen, { observedGeneration: 2, collisionCount: 0 }, now)).toEqual({
      status: {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        currentNumberScheduled: 2,
        numberMisscheduled: 1,
        numberReady: 2,
        updatedNumberScheduled: 1,
        numberUnavailable: 2,
      },
      checkAfter: 5_000,
    })
  })
})
