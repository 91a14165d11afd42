import type { Node, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { budget, cacheOf, node, pod, profileOf } from '../cases.ts'
import { fitErrorMessage } from '../framework/fit-error.ts'
import { schedule } from '../framework/schedule.ts'

interface Case {
  nodes: Node[]
  running: Pod[]
  budgets?: PodDisruptionBudget[]
  /** Pods that wait for a place on the node "a". */
  waiting?: Pod[]
  incoming: Pod
}

/** "on a" or "on a when p, q are gone" or why not, for preemption's part of it. */
function outcome({ nodes, running, budgets = [], waiting = [], incoming }: Case): string {
  const cache = cacheOf(nodes, running)
  for (const each of waiting) cache.nominator.set(podInfo(each), 'a')
  const info = podInfo(incoming)
  cache.nominator.set(info)
  const profile = profileOf({ budgets })
  const result = schedule(info, cache, { profile, percentageOfNodesToScore: 0, startIndex: 0, random: () => 0 })
  if ('node' in result) return `on ${result.node.name}`
  if (!result.nominated) return fitErrorMessage(result).replace(/^.*preemption: /, '')
  return `on ${result.nominated} when ${result.victims.map((one) => one.pod.metadata.name).join(', ')} go`
}

const zone = 'topology.kubernetes.io/zone'
const a = node('a', { foo: 3 })
const b = node('b', { foo: 3 })
const high = (spec: Partial<PodSpec> = {}, foo = 3): Pod => pod('high', { foo, priority: 100, spec })
const on = (where: string, name: string, foo: number, priority = 0, started = 1, app?: string): Pod =>
  pod(name, { on: where, foo, priority, started, ...(app ? { labels: { app } } : {}) })
const leaving = (one: Pod, reason: string): Pod => ({
  ...one,
  metadata: { ...one.metadata, deletionTimestamp: '2026-01-01T11:59:00Z' },
  status: { ...one.status, conditions: [{ type: 'DisruptionTarget', status: 'True', reason }] },
})
const antiAffinity = (app: string): Partial<PodSpec> => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: zone, labelSelector: { matchLabels: { app } } }],
    },
  },
})
const promised = (one: Pod, where: string): Pod => ({ ...one, status: { nominatedNodeName: where } })

describe('preemption', () => {
  it.each<[string, string, Case]>([
    ['takes no Pod that need not go', 'on b', { nodes: [a, b], running: [on('a', 'p', 1)], incoming: high() }],
    ['of the only Pod there is', 'on a when p go', { nodes: [a], running: [on('a', 'p', 2)], incoming: high() }],
    [
      'not of a Pod that is as important',
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
      { nodes: [a], running: [on('a', 'p', 2, 100)], incoming: high() },
    ],
    [
      'not where it would not help',
      '0/2 nodes are available: 1 No preemption victims found for incoming pod, ' +
        '1 Preemption is not helpful for scheduling.',
      { nodes: [a, node('b', { foo: 1 })], running: [on('a', 'p', 2, 100)], incoming: high() },
    ],
    [
      'not when the important Pods alone leave no room',
      '0/1 nodes are available: 1 Insufficient scheduling.k8s.io/foo.',
      { nodes: [a], running: [on('a', 'p', 1, 100), on('a', 'q', 2)], incoming: high() },
    ],
    [
      'never where the Pod is told not to',
      'not eligible due to preemptionPolicy=Never.',
      { nodes: [a], running: [on('a', 'p', 2)], incoming: high({ preemptionPolicy: 'Never' }) },
    ],
    [
      'by default of no Pod that the node affinity rules out',
      '0/2 nodes are available: 1 No preemption victims found for incoming pod, ' +
        '1 Preemption is not helpful for scheduling.',
      {
        nodes: [a, b],
        running: [on('a', 'p', 2, 100), on('b', 'q', 2)],
        incoming: high({
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
              },
            },
          },
        }),
      },
    ],
    [
      'spares the more important Pods',
      'on a when q go',
      { nodes: [a], running: [on('a', 'p', 1, 5), on('a', 'q', 1, 1), on('a', 'r', 1, 9)], incoming: high({}, 1) },
    ],
    [
      'spares, of equals, those that run longest',
      'on a when q go',
      {
        nodes: [a],
        running: [on('a', 'p', 1, 0, 1), on('a', 'q', 1, 0, 9), on('a', 'r', 1, 0, 2)],
        incoming: high({}, 1),
      },
    ],
    [
      'names the more important victims first',
      'on a when p, q go',
      { nodes: [a], running: [on('a', 'q', 1, 1), on('a', 'p', 2, 2)], incoming: high() },
    ],
    [
      'spares Pods that a budget protects, even less important ones',
      'on a when p go',
      {
        nodes: [a],
        running: [on('a', 'p', 1, 5, 1, 'free'), on('a', 'q', 2, 1, 1, 'web')],
        budgets: [budget('web', 0)],
        incoming: high({}, 1),
      },
    ],
    [
      'takes them when nothing else is left',
      'on a when q go',
      {
        nodes: [a],
        running: [on('a', 'q', 3, 1, 1, 'web')],
        budgets: [budget('web', 0)],
        incoming: high(),
      },
    ],
    [
      'takes as many as the budget allows before others',
      'on b when q go',
      {
        nodes: [a, b],
        running: [on('a', 'p', 3, 1, 1, 'web'), on('b', 'q', 3, 5, 1, 'db')],
        budgets: [budget('web', 0), budget('db', 1)],
        incoming: high(),
      },
    ],
    [
      'takes the node whose most important victim is least important',
      'on b when q, r go',
      { nodes: [a, b], running: [on('a', 'p', 3, 9), on('b', 'q', 2, 8), on('b', 'r', 1, 8)], incoming: high() },
    ],
    [
      'takes the node whose victims weigh less together',
      'on a when p, s go',
      {
        nodes: [a, b],
        running: [on('a', 'p', 2, 8), on('a', 's', 1, 1), on('b', 'q', 2, 8), on('b', 'r', 1, 2)],
        incoming: high(),
      },
    ],
    [
      'takes the node with fewer victims, also where priorities are negative',
      'on b when r go',
      {
        nodes: [a, b],
        running: [on('a', 'p', 2, -5), on('a', 'q', 1, -5), on('b', 'r', 3, -5)],
        incoming: high(),
      },
    ],
    [
      'takes the node whose victims started last',
      'on b when q go',
      { nodes: [a, b], running: [on('a', 'p', 3, 0, 1), on('b', 'q', 3, 0, 2)], incoming: high() },
    ],
    [
      'clears a zone for a Pod with anti-affinity where the one in the way can go',
      'on a when p go',
      {
        nodes: [node('a', { foo: 3, labels: { [zone]: 'z' } })],
        running: [on('a', 'p', 1, 0, 1, 'web'), on('a', 'q', 1, 0, 1, 'db')],
        incoming: high(antiAffinity('web'), 1),
      },
    ],
    [
      'does not reach beyond its node',
      '0/2 nodes are available: 1 No preemption victims found for incoming pod, ' +
        "1 node(s) didn't match pod anti-affinity rules.",
      {
        nodes: [node('a', { foo: 3, labels: { [zone]: 'z' } }), node('b', { foo: 3, labels: { [zone]: 'z' } })],
        running: [on('a', 'p', 1, 100, 1, 'web'), on('b', 'q', 1)],
        incoming: high(antiAffinity('web'), 1),
      },
    ],
    [
      'levels what is spread',
      'on a when p go',
      {
        nodes: [node('a', { foo: 3, labels: { [zone]: 'z' } }), node('b', { labels: { [zone]: 'y' } })],
        running: [on('a', 'p', 1, 0, 1, 'web')],
        incoming: pod('high', {
          foo: 1,
          priority: 100,
          labels: { app: 'web' },
          spec: {
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: zone,
                whenUnsatisfiable: 'DoNotSchedule',
                labelSelector: { matchLabels: { app: 'web' } },
              },
            ],
          },
        }),
      },
    ],
    [
      'waits for those that are already going for it',
      'not eligible due to a terminating pod on the nominated node.',
      {
        nodes: [a, b],
        running: [leaving(on('a', 'p', 3), 'PreemptionByScheduler'), on('b', 'q', 3)],
        incoming: promised(high(), 'a'),
      },
    ],
    [
      'does not wait for Pods that go for another reason',
      'on b when q go',
      {
        nodes: [a, b],
        running: [leaving(on('a', 'p', 3, 5), 'EvictionByEvictionAPI'), on('b', 'q', 3, 1)],
        incoming: promised(high(), 'a'),
      },
    ],
    [
      'looks elsewhere when the promised node cannot take it any more',
      'on b when q go',
      {
        nodes: [node('a', { foo: 3, spec: { unschedulable: true } }), b],
        running: [leaving(on('a', 'p', 3), 'PreemptionByScheduler'), on('b', 'q', 3)],
        incoming: promised(high(), 'a'),
      },
    ],
    [
      'leaves the place to a Pod that waits for it and is as important',
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
      { nodes: [a], running: [], waiting: [pod('w', { foo: 1, priority: 100 })], incoming: high() },
    ],
    [
      'takes the place of a Pod that waits for it and is less important',
      'on a',
      { nodes: [a], running: [], waiting: [pod('w', { foo: 1, priority: 99 })], incoming: high() },
    ],
    [
      'takes the place that it waits for itself',
      'on a',
      { nodes: [a, b], running: [], incoming: promised(high(), 'a') },
    ],
  ])('%s: %s', (_name, want, each) => {
    expect(outcome(each)).toBe(want)
  })

  it('leaves the filters as they were after each node that it tried', () => {
    const nodes = Array.from({ length: 5 }, (_, i) => node(`n${i}`, { foo: 3, labels: { [zone]: 'z' } }))
    const running = nodes.map((_, i) => on(`n${i}`, `p${i}`, 2, 0, 1, 'web'))
    // one Pod of the zone can never be enough
    expect(outcome({ nodes, running, incoming: high(antiAffinity('web'), 1) })).toBe(
      "0/5 nodes are available: 5 node(s) didn't match pod anti-affinity rules.",
    )
  })

  it('leaves nodes as they were, whatever was tried on them', () => {
    const running = [on('a', 'p', 1), on('a', 'q', 2, 5), on('b', 'r', 3, 100)]
    const cache = cacheOf([a, b], running)
    cache.nominator.set(podInfo(pod('w', { foo: 1, priority: 100 })), 'a')
    const state = (): unknown =>
      cache.nodes.map(({ name, pods, requested }) => [name, [...pods.keys()].toSorted(), structuredClone(requested)])
    const before = state()
    const options = { profile: profileOf(), percentageOfNodesToScore: 0, startIndex: 0, random: () => 0 }
    const result = schedule(podInfo(high({}, 2)), cache, options)
    expect(result).toMatchObject({ nominated: 'a', victims: [{ uid: 'uid-q' }, { uid: 'uid-p' }] })
    expect(state()).toEqual(before)
  })
})
