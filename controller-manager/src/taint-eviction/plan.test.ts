import { describe, expect, it } from 'vitest'
import type { Node, Pod, Taint, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import { evictionTime } from './plan.ts'

const now = Date.parse('2026-01-01T01:00:00Z')
const minute = 60_000

const taint = (key: string, effect = 'NoExecute', timeAdded = '2026-01-01T01:00:00Z'): Taint => ({
  key,
  effect,
  timeAdded,
})
const node = (...taints: Taint[]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  spec: { taints },
})
const pod = (tolerations: Toleration[], created = '2026-01-01T00:00:00Z', deleted?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', creationTimestamp: created, ...(deleted ? { deletionTimestamp: deleted } : {}) },
  spec: { containers: [], nodeName: 'a', tolerations },
})
const lost = { key: 'lost', operator: 'Exists', effect: 'NoExecute' }

const cases: { name: string; pod: Pod; node: Node | undefined; want: number | undefined }[] = [
  { name: 'no taint', pod: pod([]), node: node(), want: undefined },
  { name: 'unknown node', pod: pod([]), node: undefined, want: undefined },
  { name: 'another effect', pod: pod([]), node: node(taint('lost', 'NoSchedule')), want: undefined },
  { name: 'not tolerated', pod: pod([]), node: node(taint('lost')), want: now },
  { name: 'tolerated for ever', pod: pod([lost]), node: node(taint('lost')), want: undefined },
  {
    name: 'tolerated for a time',
    pod: pod([{ ...lost, tolerationSeconds: 300 }]),
    node: node(taint('lost')),
    want: now + 5 * minute,
  },
  {
    name: 'the first toleration of a taint counts',
    pod: pod([{ ...lost, tolerationSeconds: 300 }, lost, { ...lost, tolerationSeconds: 60 }]),
    node: node(taint('lost')),
    want: now + 5 * minute,
  },
  {
    name: 'for ever, if the first says so',
    pod: pod([{ operator: 'Exists' }, { ...lost, tolerationSeconds: 60 }]),
    node: node(taint('lost')),
    want: undefined,
  },
  {
    name: 'of several taints, the one tolerated for the shortest time',
    pod: pod([
      { ...lost, tolerationSeconds: 300 },
      { key: 'other', operator: 'Exists', tolerationSeconds: 60 },
    ]),
    node: node(taint('lost'), taint('other')),
    want: now + minute,
  },
  {
    name: 'the strictest taint counts',
    pod: pod([{ ...lost, tolerationSeconds: 300 }]),
    node: node(taint('lost'), taint('other')),
    want: now,
  },
  {
    name: 'from when the taint came',
    pod: pod([{ ...lost, tolerationSeconds: 300 }]),
    node: node(taint('lost', 'NoExecute', '2026-01-01T00:58:00Z')),
    want: now + 3 * minute,
  },
  {
    name: 'from when it was first seen, of a taint that bears no time',
    pod: pod([{ ...lost, tolerationSeconds: 300 }]),
    node: node({ key: 'lost', effect: 'NoExecute' }),
    want: now + 4 * minute,
  },
  {
    name: 'from when the Pod came, if later',
    pod: pod([{ ...lost, tolerationSeconds: 300 }], '2026-01-01T00:59:00Z'),
    node: node(taint('lost', 'NoExecute', '2026-01-01T00:10:00Z')),
    want: now + 4 * minute,
  },
  {
    name: 'a negative time is none',
    pod: pod([{ ...lost, tolerationSeconds: -5 }]),
    node: node(taint('lost')),
    want: now,
  },
  {
    name: 'already going',
    pod: pod([], undefined, '2026-01-01T00:59:00Z'),
    node: node(taint('lost')),
    want: undefined,
  },
]

describe('evictionTime', () => {
  for (const { name, pod: each, node: on, want } of cases)
    it(name, () => expect(evictionTime(each, on, { now, since: now - minute })).toBe(want))
})
