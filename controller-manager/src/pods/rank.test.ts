import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { orderForDeletion } from './rank.ts'

const now = Date.parse('2026-01-02T00:00:00Z')

interface Shape {
  node?: string
  phase?: string
  ready?: string
  cost?: string
  created?: string
  restarts?: number
  sidecarRestarts?: number
  initRestarts?: number
}

const pod = (name: string, shape: Shape = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    uid: name,
    creationTimestamp: shape.created ?? '2026-01-01T00:00:00Z',
    ...(shape.cost ? { annotations: { 'controller.kubernetes.io/pod-deletion-cost': shape.cost } } : {}),
  },
  spec: {
    containers: [],
    initContainers: [{ name: 'side', restartPolicy: 'Always' }, { name: 'init' }],
    ...(shape.node ? { nodeName: shape.node } : {}),
  },
  status: {
    phase: shape.phase ?? 'Running',
    conditions: shape.ready ? [{ type: 'Ready', status: 'True', lastTransitionTime: shape.ready }] : [],
    containerStatuses: [{ name: 'c', image: '', imageID: '', ready: !!shape.ready, restartCount: shape.restarts ?? 0 }],
    initContainerStatuses: [
      { name: 'side', image: '', imageID: '', ready: true, restartCount: shape.sidecarRestarts ?? 0 },
      { name: 'init', image: '', imageID: '', ready: true, restartCount: shape.initRestarts ?? 0 },
    ],
  },
})

const early = '2026-01-01T00:00:10Z'
const late = '2026-01-01T23:59:00Z'

const cases: { name: string; first: Pod; second: Pod; related?: Pod[] }[] = [
  { name: 'unscheduled before scheduled', first: pod('b'), second: pod('a', { node: 'n' }) },
  {
    name: 'pending before running',
    first: pod('b', { node: 'n', phase: 'Pending' }),
    second: pod('a', { node: 'n', ready: early }),
  },
  { name: 'not ready before ready', first: pod('b', { node: 'n' }), second: pod('a', { node: 'n', ready: early }) },
  {
    name: 'lower deletion cost first',
    first: pod('b', { node: 'n', ready: early, cost: '-5' }),
    second: pod('a', { node: 'n', ready: early, cost: '10' }),
  },
  {
    name: 'a malformed cost counts as zero',
    first: pod('b', { node: 'n', ready: early, cost: '+9' }),
    second: pod('a', { node: 'n', ready: early, cost: '1' }),
  },
  {
    name: 'the fuller node first',
    first: pod('b', { node: 'full', ready: early }),
    second: pod('a', { node: 'n', ready: early }),
    related: [pod('x', { node: 'full' }), pod('y', { node: 'full' }), pod('z', { node: 'n' })],
  },
  {
    name: 'shortly ready first',
    first: pod('b', { node: 'n', ready: late }),
    second: pod('a', { node: 'n', ready: early }),
  },
  {
    name: 'more restarts first',
    first: pod('b', { node: 'n', ready: early, restarts: 3 }),
    second: pod('a', { node: 'n', ready: early }),
  },
  {
    name: 'more restarts count before those of sidecars',
    first: pod('b', { node: 'n', ready: early, restarts: 1 }),
    second: pod('a', { node: 'n', ready: early, sidecarRestarts: 5 }),
  },
  {
    name: 'more restarts of sidecars first, whatever other init containers did',
    first: pod('b', { node: 'n', ready: early, sidecarRestarts: 1 }),
    second: pod('a', { node: 'n', ready: early, initRestarts: 5 }),
  },
  {
    name: 'younger first',
    first: pod('b', { node: 'n', ready: early, created: late }),
    second: pod('a', { node: 'n', ready: early }),
  },
]

describe('orderForDeletion', () => {
  for (const { name, first, second, related } of cases) {
    it(name, () => {
      for (const pods of [
        [first, second],
        [second, first],
      ])
        expect(orderForDeletion(pods, related ?? pods, now)[0]).toBe(first)
    })
  }
})
