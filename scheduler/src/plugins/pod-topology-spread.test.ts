import type { Node, Pod, TopologySpreadConstraint } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod } from '../cases.ts'
import { isRejection } from '../framework/plugin.ts'
import { podTopologySpread } from './pod-topology-spread.ts'

const zone = 'topology.kubernetes.io/zone'
const host = 'kubernetes.io/hostname'
const inZone = (name: string, at: string): Node => node(name, { labels: { [zone]: at } })
const four = [inZone('a', '1'), inZone('b', '1'), inZone('x', '2'), inZone('y', '2')]
const labels = { app: 'web' }
const selecting = { labelSelector: { matchLabels: labels } }

/** "a a b" are two Pods on a and one on b. */
const running = (where: string, more: (index: number) => Partial<Parameters<typeof pod>[1]> = () => ({})): Pod[] =>
  where
    .split(' ')
    .filter((on) => on !== '')
    .map((on, i) => pod(`r${String(i)}`, { labels, on, ...more(i) }))

const by = (topologyKey: string, more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: 'DoNotSchedule',
  ...selecting,
  ...more,
})

/** The nodes that the Pod may go to; "!" marks those without a topology. */
function fitting(incoming: Pod, pods: readonly Pod[], nodes: readonly Node[] = four): string {
  const cache = cacheOf(nodes, pods)
  const filter = podTopologySpread().preFilter?.(podInfo(incoming), cache)
  const of = ({ metadata: { name = '' } }: Node): string => {
    const there = cache.node(name)
    const rejection = isRejection(filter) ? filter : there && filter?.(there)
    if (!rejection) return name
    return rejection.unresolvable ? `!${name}` : ''
  }
  return nodes
    .map(of)
    .filter((text) => text !== '')
    .join(' ')
}
const asking = (...topologySpreadConstraints: TopologySpreadConstraint[]): Pod =>
  pod('p', { labels, spec: { topologySpreadConstraints } })

const on = (...names: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: host, operator: 'In', values: names }] }],
      },
    },
  },
})

// pkg/scheduler/framework/plugins/podtopologyspread/filtering_test.go TestSingleConstraint, TestMultipleConstraints
describe('PodTopologySpread lets a Pod', () => {
  it.each<[string, Pod, readonly Pod[], string, Node[]?]>([
    ['anywhere when there are no others', asking(by(zone)), [], 'a b x y'],
    ['anywhere when the zones have as many', asking(by(zone)), running('a a b x y y'), 'a b x y'],
    ['to the zone that has fewer', asking(by(zone)), running('a a b x y'), 'x y'],
    ['to the node that has fewest', asking(by(host)), running('a a b y y y'), 'x'],
    ['to those that have few more', asking(by(host, { maxSkew: 2 })), running('a a b y y y'), 'b x'],
    ['nowhere when its nodes are of no topology', asking(by('rack')), running('a x'), '!a !b !x !y'],
    [
      'to nodes of a topology alone, and counts those alone',
      asking(by(zone)),
      running('a b x y'),
      'a !b',
      [inZone('a', '1'), node('b'), inZone('x', '2'), inZone('y', '2')],
    ],
    [
      'where there is one more when it does not count itself',
      pod('p', { spec: { topologySpreadConstraints: [by(host)] } }),
      running('a a b y y y'),
      'b x',
    ],
    [
      'beside those of other namespaces',
      asking(by(host)),
      running('a b x y', () => ({ namespace: 'other' })),
      'a b x y',
    ],
    ['anywhere when it selects nobody', asking(by(host, { labelSelector: undefined })), running('a a a'), 'a b x y'],
    [
      'anywhere when it would rather not',
      asking(by(host, { whenUnsatisfiable: 'ScheduleAnyway' })),
      running('a a'),
      'a b x y',
    ],
    ['where both constraints are met', asking(by(zone), by(host)), running('a a b y y y'), 'x'],
    ['nowhere when they contradict each other', asking(by(zone), by(host)), running('a a b y y y y'), ''],
    [
      'by constraints that select different Pods',
      asking(by(zone, { labelSelector: { matchLabels: { app: 'db' } } }), by(host)),
      [...running('a b y'), pod('db', { labels: { app: 'db' }, on: 'x' })],
      'x',
    ],
  ])('%s', (_, incoming, pods, want, nodes) => expect(fitting(incoming, pods, nodes)).toBe(want))

  it('where Pods are on their way out', () => {
    const [going, ...others] = running('a b x y')
    const leaving = going && { ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    expect(fitting(asking(by(host)), [...others, ...(leaving ? [leaving] : [])])).toBe('a')
  })
})

// pkg/scheduler/framework/plugins/podtopologyspread/filtering_test.go TestSingleConstraint, minDomains
describe('PodTopologySpread with minDomains', () => {
  it.each<[string, number | undefined, string, string]>([
    ['counts a zone that is yet to come as empty', 3, 'a x', ''],
    ['has enough zones', 2, 'a x', 'a b x y'],
    ['does not want more than one if it does not say so', undefined, 'a x', 'a b x y'],
    ['fills what there is up to the skew', 3, 'a', 'x y'],
  ])('%s', (_, minDomains, where, want) => {
    const more = minDomains === undefined ? {} : { minDomains }
    expect(fitting(asking(by(zone, more)), running(where))).toBe(want)
  })
})

// pkg/scheduler/framework/plugins/podtopologyspread/filtering_test.go TestSingleConstraint, nodeInclusionPolicy
describe('PodTopologySpread counts', () => {
  const tainted = [
    inZone('a', '1'),
    node('b', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
    inZone('x', '2'),
  ]
  const cordoned = [inZone('a', '1'), node('b', { spec: { unschedulable: true } }), inZone('x', '2')]
  const bearing = { tolerations: [{ key: 'k', operator: 'Exists' }] }
  const placed = (spec: object, policies: Partial<TopologySpreadConstraint>): Pod =>
    pod('p', { labels, spec: { topologySpreadConstraints: [by(host, policies)], ...spec } })
  it.each<[string, Pod, readonly Pod[], string, Node[]?]>([
    ['only nodes that the Pod’s affinity wants', placed(on('a', 'y'), {}), running('a a b y y y'), 'a b x'],
    [
      'other nodes too, if told so',
      placed(on('a', 'y'), { nodeAffinityPolicy: 'Ignore' }),
      running('a a b y y y'),
      'x',
    ],
    ['only nodes of its nodeSelector', placed({ nodeSelector: { [zone]: '1' } }, {}), running('a b b'), 'a x y'],
    ['tainted nodes', placed({}, {}), running('a x'), 'b', tainted],
    ['no tainted nodes, if told so', placed({}, { nodeTaintsPolicy: 'Honor' }), running('a x'), 'a b x', tainted],
    ['those the Pod bears with', placed(bearing, { nodeTaintsPolicy: 'Honor' }), running('a x'), 'b', tainted],
    [
      'cordoned nodes, which only their taint keeps out',
      placed({}, { nodeTaintsPolicy: 'Honor' }),
      running('a x'),
      'b',
      cordoned,
    ],
  ])('%s', (_, incoming, pods, want, nodes) => expect(fitting(incoming, pods, nodes)).toBe(want))
})

// pkg/scheduler/framework/plugins/podtopologyspread/filtering_test.go TestSingleConstraint, matchLabelKeys
describe('PodTopologySpread with matchLabelKeys', () => {
  const mixed = running('a a b y', (i) => ({ labels: { ...labels, hash: i < 2 ? 'old' : 'new' } }))
  it.each<[string, Record<string, string>, string[], string]>([
    ['counts Pods with the same value', { hash: 'new' }, ['hash'], 'a x'],
    ['counts all without it', { hash: 'new' }, [], 'x'],
    ['passes over a label that the Pod has not', {}, ['hash'], 'x'],
    ['takes several', { hash: 'new', tier: 'front' }, ['hash', 'tier'], 'a b x y'],
  ])('%s', (_, more, matchLabelKeys, want) => {
    const spec = { topologySpreadConstraints: [by(host, { matchLabelKeys })] }
    expect(fitting(pod('p', { labels: { ...labels, ...more }, spec }), mixed)).toBe(want)
  })
})
