import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import { describe, expect, it } from 'vitest'
import { cacheOf, dice, node, pod } from '../cases.ts'
import { interPodAffinity } from '../plugins/inter-pod-affinity.ts'
import { podTopologySpread } from '../plugins/pod-topology-spread.ts'
import type { Cache } from './cache.ts'
import { podInfo } from './pod-info.ts'

const zone = 'topology.kubernetes.io/zone'
const host = 'kubernetes.io/hostname'

const apps = ['web', 'db', 'cache']
const term = (app: string, topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: { app } } })
const preferred = (app: string, topologyKey: string) => [{ weight: 3, podAffinityTerm: term(app, topologyKey) }]
const spread = (app: string, topologyKey: string, whenUnsatisfiable: string) => ({
  topologyKey,
  maxSkew: 1,
  whenUnsatisfiable,
  labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [app, 'other'] }] },
})

/** Affinity and spreading of every sort. */
function somePod(name: string, roll: (sides: number) => number, on?: string): Pod {
  const app = apps[roll(3)] ?? ''
  const key = [zone, host][roll(2)] ?? ''
  const specs: Pod['spec'][] = [
    { containers: [] },
    {
      containers: [],
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, zone)] } },
    },
    {
      containers: [],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, key)] } },
    },
    {
      containers: [],
      affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred(app, key) } },
    },
    {
      containers: [],
      topologySpreadConstraints: [spread(app, key, 'DoNotSchedule'), spread(app, zone, 'ScheduleAnyway')],
    },
    { containers: [], nodeSelector: { disk: 'ssd' }, topologySpreadConstraints: [spread(app, key, 'DoNotSchedule')] },
  ]
  const made = pod(name, {
    labels: { app: apps[roll(3)] ?? '', pod: name },
    namespace: ['default', 'other'][roll(2)] ?? '',
    spec: { ...specs[roll(specs.length)], ...(on === undefined ? {} : { nodeName: on }) },
  })
  if (roll(5) === 0) made.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  return made
}

function someNode(name: string, roll: (sides: number) => number) {
  const labels: Record<string, string> = { disk: ['ssd', 'hdd'][roll(2)] ?? '' }
  if (roll(6) > 0) labels[zone] = `z${roll(3)}`
  return node(name, { labels })
}

/** What the plugins that count Pods say of every node. */
function verdicts(cache: Cache, incoming: Pod): unknown {
  const info = podInfo(incoming)
  const nodes = cache.nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return [interPodAffinity(), podTopologySpread()].map((plugin) => {
    const filter = plugin.preFilter?.(info, cache)
    const scorer = plugin.preScore?.(info, cache, nodes)
    const scores = nodes.map((each) => scorer?.score(each) ?? 0)
    scorer?.normalize?.(scores, nodes)
    return [nodes.map((each) => (typeof filter === 'function' ? filter(each)?.reasons : filter)), scores]
  })
}

describe('groups of Pods', () => {
  it.each([1, 2, 3, 4])('are the same however the cluster came to be as it is (%i)', (seed) => {
    const roll = dice(seed)
    const nodes = new Map<string, ReturnType<typeof node>>()
    const pods = new Map<string, Pod>()
    const cache = cacheOf([])
    for (let step = 0; step < 400; step++) {
      const nodeName = `n${roll(6)}`
      const name = `p${roll(20)}`
      const what = roll(10)
      if (what === 0) {
        nodes.delete(nodeName)
        cache.removeNode(nodeName)
      } else if (what < 3) {
        const made = someNode(nodeName, roll)
        nodes.set(nodeName, made)
        cache.setNode(made)
      } else if (what < 5) {
        cache.removePod(`uid-${name}`)
        pods.delete(name)
      } else {
        const made = somePod(name, roll, nodeName)
        pods.set(name, made)
        if (roll(2) === 0) cache.assume(podInfo(made), nodeName)
        cache.setPod(made)
      }
      if (step % 20 !== 0) continue
      const fresh = cacheOf([...nodes.values()], [...pods.values()])
      for (let i = 0; i < 5; i++) {
        const incoming = somePod('incoming', roll)
        expect(verdicts(cache, incoming)).toEqual(verdicts(fresh, incoming))
      }
    }
  })

  it.each([
    { selector: { matchLabels: { app: 'web' } } },
    { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] } },
    { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } },
    { selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'pod', operator: 'Exists' }] } },
    { selector: {} },
    { selector: undefined },
  ])('hold all Pods that a selector means: $selector', ({ selector: object }) => {
    const roll = dice(5)
    const pods = Array.from({ length: 60 }, (_, i) => somePod(`p${i}`, roll, `n${i % 4}`))
    const cache = cacheOf(
      [0, 1, 2, 3].map((i) => node(`n${i}`)),
      pods,
    )
    const selector = labelSelectorFromObject(object)
    let found = 0
    for (const group of cache.podsLike(selector)) {
      if (selector.matches(group.pod.labels)) found += group.tally(host).total
    }
    expect(found).toBe(pods.filter(({ metadata }) => selector.matches(metadata.labels)).length)
  })
})
