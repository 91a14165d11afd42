import type { Node, Pod, PodAffinityTerm } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod } from '../cases.ts'
import { isRejection } from '../framework/plugin.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'

const zone = 'topology.kubernetes.io/zone'
const host = 'kubernetes.io/hostname'
const nodes = [
  node('a', { labels: { [zone]: '1' } }),
  node('b', { labels: { [zone]: '1' } }),
  node('x', { labels: { [zone]: '2' } }),
  node('bare'),
]
const term = (app: string, topologyKey = host, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
  ...more,
})
const near = (...terms: PodAffinityTerm[]) => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
})
const far = (...terms: PodAffinityTerm[]) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
})
const web = (on: string, more: Parameters<typeof pod>[1] = {}): Pod =>
  pod(`web-${on}`, { on, ...more, labels: { app: 'web', ...more.labels } })

/** The nodes that the Pod may go to. */
function fitting(incoming: Pod, pods: readonly Pod[]): string {
  const cache = cacheOf(nodes, pods)
  const filter = interPodAffinity().preFilter?.(podInfo(incoming), cache)
  const fits = ({ metadata: { name = '' } }: Node): boolean => {
    const there = cache.node(name)
    return !(isRejection(filter) ? filter : there && filter?.(there))
  }
  return nodes
    .filter(fits)
    .map(({ metadata }) => metadata.name)
    .join(' ')
}

// pkg/scheduler/framework/plugins/interpodaffinity/filtering_test.go TestRequiredAffinitySingleNode, MultipleNodes
describe('InterPodAffinity lets a Pod', () => {
  const self = { labels: { app: 'web' } }
  it.each<[string, Pod, readonly Pod[], string]>([
    ['to the node of the other', pod('p', { spec: near(term('web')) }), [web('a')], 'a'],
    ['to the zone of the other', pod('p', { spec: near(term('web', zone)) }), [web('a')], 'a b'],
    ['nowhere when the other’s node is of no zone', pod('p', { spec: near(term('web', zone)) }), [web('bare')], ''],
    [
      'not to others of another namespace',
      pod('p', { spec: near(term('web')) }),
      [web('a', { namespace: 'other' })],
      '',
    ],
    [
      'to others of a namespace that it names',
      pod('p', { spec: near(term('web', host, { namespaces: ['other'] })) }),
      [web('a', { namespace: 'other' }), web('x')],
      'a',
    ],
    [
      'to others of any namespace',
      pod('p', { spec: near(term('web', host, { namespaceSelector: {} })) }),
      [web('a', { namespace: 'other' }), web('x')],
      'a x',
    ],
    [
      'only to one that all terms mean, not to two of which each is meant by one',
      pod('p', { spec: near(term('web'), { topologyKey: host, labelSelector: { matchLabels: { tier: 'front' } } }) }),
      [web('a'), pod('front', { on: 'a', labels: { tier: 'front' } }), web('x', { labels: { tier: 'front' } })],
      'x',
    ],
    ['by terms of different topologies', pod('p', { spec: near(term('web', zone), term('web')) }), [web('a')], 'a'],
    [
      'anywhere of a zone when it is the first of its kind',
      pod('p', { ...self, spec: near(term('web', zone)) }),
      [],
      'a b x',
    ],
    [
      'nowhere when it would not be what it wants itself',
      pod('p', { ...self, spec: near(term('web'), term('db')) }),
      [],
      '',
    ],
    ['to its kind when that is there', pod('p', { ...self, spec: near(term('web', zone)) }), [web('x')], 'x'],
    ['away from the other’s node', pod('p', { spec: far(term('web')) }), [web('a')], 'b x bare'],
    ['away from the other’s zone', pod('p', { spec: far(term('web', zone)) }), [web('a')], 'x bare'],
    [
      'away from all that one of its terms means',
      pod('p', { spec: far(term('web'), term('db', zone)) }),
      [web('a'), pod('db', { on: 'x', labels: { app: 'db' } })],
      'b bare',
    ],
    [
      'away from who wants to be away from it',
      pod('p', self),
      [pod('shy', { on: 'a', spec: far(term('web', zone)) })],
      'x bare',
    ],
    [
      'beside who wants to be away from it in a zone, and is in none',
      pod('p', self),
      [pod('shy', { on: 'bare', spec: far(term('web', zone)) })],
      'a b x bare',
    ],
    [
      'beside who wants to be away from its like of another namespace',
      pod('p', { ...self, namespace: 'other' }),
      [pod('shy', { on: 'a', spec: far(term('web')) })],
      'a b x bare',
    ],
    [
      'away from who wants to be away from its like of any namespace',
      pod('p', { ...self, namespace: 'other' }),
      [pod('shy', { on: 'a', spec: far(term('web', host, { namespaceSelector: {} })) })],
      'b x bare',
    ],
    [
      'to one and away from another',
      pod('p', { spec: { affinity: { ...near(term('web', zone)).affinity, ...far(term('db')).affinity } } }),
      [web('a'), pod('db', { on: 'b', labels: { app: 'db' } })],
      'a',
    ],
  ])('%s', (_, incoming, pods, want) => expect(fitting(incoming, pods)).toBe(want))
})
