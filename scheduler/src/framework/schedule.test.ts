import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod, profileOf } from '../cases.ts'
import { fitErrorMessage } from './fit-error.ts'
import { nodesToFind, schedule } from './schedule.ts'

const options = {
  profile: profileOf(),
  percentageOfNodesToScore: 0,
  startIndex: 0,
  random: () => 0.99,
}

function outcome(incoming: Pod, nodes: Node[], running: Pod[] = []): string {
  const result = schedule(podInfo(incoming), cacheOf(nodes, running), options)
  return 'node' in result ? `on ${result.node.name}` : fitErrorMessage(result)
}

describe('schedule', () => {
  it('takes the emptier node', () => {
    const busy = pod('r', { on: 'a', cpu: '2', memory: '2Gi' })
    expect(outcome(pod('p', { cpu: '1' }), [node('a'), node('b')], [busy])).toBe('on b')
  })

  it.each<[string, Pod, Node[], string]>([
    ['without nodes', pod('p'), [], 'no nodes available to schedule pods'],
    [
      'when it asks for more than any node has',
      pod('p', { cpu: '5' }),
      [node('a')],
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: ' +
        '1 Preemption is not helpful for scheduling.',
    ],
    [
      'for several reasons',
      pod('p', { cpu: '3', memory: '100Mi' }),
      [
        node('a', { spec: { unschedulable: true } }),
        node('b', { cpu: '2' }),
        node('c', { spec: { taints: [{ key: 'k', effect: 'NoExecute' }] } }),
        node('d', { spec: { taints: [{ key: 'k', effect: 'NoExecute' }] } }),
      ],
      '0/4 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable, ' +
        '2 node(s) had untolerated taint(s). preemption: 0/4 nodes are available: ' +
        '4 Preemption is not helpful for scheduling.',
    ],
    [
      'when it may not preempt',
      pod('p', { cpu: '5', spec: { preemptionPolicy: 'Never' } }),
      [node('a')],
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    ],
    [
      'when the one node it names is full',
      pod('p', {
        cpu: '5',
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a', 'gone'] }] }],
              },
            },
          },
        },
      }),
      [node('a'), node('b'), node('c')],
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. " +
        'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    ],
  ])('says why a Pod waits %s', (_name, incoming, nodes, want) => {
    expect(outcome(incoming, nodes)).toBe(want)
  })

  it('says so when only other Pods are in the way', () => {
    const busy = pod('r', { on: 'a', cpu: '3' })
    expect(outcome(pod('p', { cpu: '2' }), [node('a')], [busy])).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: ' +
        '1 No preemption victims found for incoming pod.',
    )
  })

  it('stops looking when it has found enough nodes', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i}`))
    const result = schedule(podInfo(pod('p')), cacheOf(nodes), options)
    expect(result).toMatchObject({ feasible: 420, evaluated: 420 })
  })
})

describe('nodesToFind', () => {
  it.each([
    [50, 0, 50],
    [100, 0, 100],
    [1000, 0, 420],
    [5000, 0, 500],
    [6000, 0, 300],
    [5000, 40, 2000],
    [1000, 100, 1000],
    [200, 10, 100],
  ])('%i nodes at %i %%: %i', (all, percentage, want) => {
    expect(nodesToFind(all, percentage)).toBe(want)
  })
})
