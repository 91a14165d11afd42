import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod } from '../cases.ts'
import type { Plugin } from '../framework/plugin.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'

interface ScoreCase {
  name: string
  plugin: Plugin
  pod: Pod
  nodes: Node[]
  running?: Pod[]
  /** By node, after normalizing; 'skip' when the plugin has nothing to say. */
  want: number[] | 'skip'
}

const mib = 1024 * 1024
const plain = [node('a'), node('b')]
const zones = ['x', 'x', 'y'].map((zone, i) => node(`n${i}`, { labels: { 'topology.kubernetes.io/zone': zone } }))
const preferZone = (weight: number, zone: string) => ({
  weight,
  preference: { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [zone] }] },
})
const preferApp = (kind: 'podAffinity' | 'podAntiAffinity', app: string) => ({
  affinity: {
    [kind]: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 10,
          podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } },
        },
      ],
    },
  },
})
const web = { labels: { app: 'web' } }

// pkg/scheduler/framework/plugins/imagelocality/image_locality_test.go TestImageLocalityPriority
/** Images are named by their size in MiB: those of the Pod's containers, those of each node. */
function images(rows: [name: string, wanted: string[], nodes: string[][], want: number[]][]): ScoreCase[] {
  return rows.map(([name, wanted, sizes, want]) => ({
    name: `images: ${name}`,
    plugin: imageLocality,
    pod: pod('p', { spec: { containers: wanted.map((image) => ({ name: `c${image}`, image: `gcr.io/${image}` })) } }),
    nodes: sizes.map((held, i) =>
      node(`n${i}`, {
        images: held.map((size) => ({ names: [`gcr.io/${size}:latest`], sizeBytes: Number(size) * mib })),
      }),
    ),
    want,
  }))
}

const cases: ScoreCase[] = [
  {
    name: 'least allocated: half of everything is taken on one node',
    plugin: nodeResourcesFit(),
    pod: pod('p', { cpu: '1', memory: '2Gi' }),
    nodes: plain,
    running: [pod('r', { on: 'a', cpu: '2', memory: '4Gi' })],
    want: [25, 75],
  },
  {
    name: 'least allocated: Pods that ask for nothing count a little',
    plugin: nodeResourcesFit(),
    pod: pod('p'),
    nodes: plain,
    running: [pod('r', { on: 'a' })],
    want: [95, 97],
  },
  {
    name: 'balanced: a Pod with much CPU suits the node with much memory taken',
    plugin: nodeResourcesBalancedAllocation(),
    pod: pod('p', { cpu: '2', memory: '0' }),
    nodes: plain,
    running: [pod('r', { on: 'a', memory: '4Gi' })],
    want: [87, 62],
  },
  {
    name: 'balanced: as much of the one as of the other changes nothing',
    plugin: nodeResourcesBalancedAllocation(),
    pod: pod('p', { cpu: '1', memory: '2Gi' }),
    nodes: plain,
    want: [75, 75],
  },
  {
    name: 'balanced: all of the one and nothing of the other',
    plugin: nodeResourcesBalancedAllocation(),
    pod: pod('p', { cpu: '4' }),
    nodes: plain,
    want: [50, 50],
  },
  {
    name: 'balanced: the worst node becomes the best',
    plugin: nodeResourcesBalancedAllocation(),
    pod: pod('p', { memory: '8Gi' }),
    nodes: plain,
    running: [pod('r', { on: 'a', cpu: '4' })],
    want: [100, 50],
  },
  {
    name: 'balanced: more than there is counts as all',
    plugin: nodeResourcesBalancedAllocation(),
    pod: pod('p', { cpu: '8' }),
    nodes: plain,
    want: [50, 50],
  },
  {
    name: 'balanced: no requests',
    plugin: nodeResourcesBalancedAllocation(),
    pod: pod('p'),
    nodes: plain,
    want: 'skip',
  },
  {
    name: 'preferred node affinity',
    plugin: nodeAffinity(),
    pod: pod('p', {
      spec: {
        affinity: {
          nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preferZone(2, 'x'), preferZone(8, 'y')] },
        },
      },
    }),
    nodes: zones,
    want: [25, 25, 100],
  },
  {
    name: 'soft taints',
    plugin: taintToleration,
    pod: pod('p', { spec: { tolerations: [{ key: 'k1', operator: 'Exists' }] } }),
    nodes: [
      node('a', { spec: { taints: [{ key: 'k1', effect: 'PreferNoSchedule' }] } }),
      node('b', { spec: { taints: [{ key: 'k2', effect: 'PreferNoSchedule' }] } }),
    ],
    want: [100, 0],
  },
  {
    name: 'images: large ones on half of the nodes',
    plugin: imageLocality,
    pod: pod('p', { image: 'web' }),
    nodes: [node('a', { images: [{ names: ['web:latest'], sizeBytes: 1000 * mib }] }), node('b')],
    want: [48, 0],
  },
  ...images([
    [
      'two on two nodes: the larger one counts',
      ['40', '250'],
      [
        ['40', '300', '2000'],
        ['250', '10'],
      ],
      [0, 5],
    ],
    [
      'two on one node',
      ['40', '300'],
      [
        ['40', '300', '2000'],
        ['250', '10'],
      ],
      [7, 0],
    ],
    [
      'larger than counts',
      ['10', '4000'],
      [
        ['4000', '30'],
        ['250', '10'],
      ],
      [100, 0],
    ],
    ['on one of three nodes', ['10', '4000'], [['4000', '30'], ['250', '10'], []], [66, 0, 0]],
    ['many small ones', ['300', '600', '900'], [['600', '40', '900'], ['300', '600', '900'], []], [32, 36, 0]],
  ]),
  { name: 'images nobody has', plugin: imageLocality, pod: pod('p'), nodes: plain, want: 'skip' },
  {
    name: 'spread by default: siblings on one node',
    plugin: podTopologySpread(),
    pod: pod('p', web),
    nodes: plain,
    running: [pod('r', { on: 'a', ...web })],
    want: [66, 100],
  },
  { name: 'spread without siblings', plugin: podTopologySpread(), pod: pod('p'), nodes: plain, want: 'skip' },
  {
    name: 'preferred affinity',
    plugin: interPodAffinity(),
    pod: pod('p', { spec: preferApp('podAffinity', 'web') }),
    nodes: plain,
    running: [pod('r', { on: 'b', ...web })],
    want: [0, 100],
  },
  {
    name: 'preferred anti-affinity',
    plugin: interPodAffinity(),
    pod: pod('p', { spec: preferApp('podAntiAffinity', 'web') }),
    nodes: plain,
    running: [pod('r', { on: 'b', ...web })],
    want: [100, 0],
  },
  { name: 'no affinity anywhere', plugin: interPodAffinity(), pod: pod('p'), nodes: plain, want: 'skip' },
]

describe('scores', () => {
  it.each(cases)('$name', ({ plugin, pod: incoming, nodes, running, want }) => {
    const cache = cacheOf(nodes, running)
    // by name: the cache orders nodes by zones
    const sorted = cache.nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const scorer = plugin.preScore?.(podInfo(incoming), cache, sorted)
    const scores = sorted.map((each) => scorer?.score(each) ?? 0)
    scorer?.normalize?.(scores, sorted)
    expect(scorer ? scores : 'skip').toEqual(want)
  })
})
