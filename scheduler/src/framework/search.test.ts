import type { Node, Pod, PodAffinityTerm } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import type { Cache } from '../cache/cache.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import { podInfo, type PodInfo } from '../cache/pod-info.ts'
import { cacheOf, dice, node, pod, profileOf } from '../cases.ts'
import { Filters, prepareFilters } from './filters.ts'
import { nodesToFind, search } from './schedule.ts'

const profile = profileOf()
const zone = 'topology.kubernetes.io/zone'
const keys = [zone, 'rack', 'kubernetes.io/hostname', 'missing']
const apps = ['web', 'db', 'cache']

/** Goes round all nodes and asks about each, whatever the filters say about where they can be. */
function askEveryNode(incoming: PodInfo, cache: Cache, startIndex: number): { nodes: string[]; evaluated: number } {
  const filters = prepareFilters(incoming, cache, profile.filter)
  if (!(filters instanceof Filters)) throw new Error('no node was looked at')
  const all = cache.nodes
  const enough = nodesToFind(all.length, 0)
  const nodes: NodeInfo[] = []
  let evaluated = 0
  for (; evaluated < all.length && nodes.length < enough; evaluated++) {
    const next = all[(startIndex + evaluated) % all.length]
    if (next && !filters.refusal(next)) nodes.push(next)
  }
  return { nodes: nodes.map(({ name }) => name), evaluated }
}

function somePod(name: string, roll: (sides: number) => number, on?: string): Pod {
  const term = (): PodAffinityTerm => ({
    topologyKey: keys[roll(10) === 0 ? 3 : roll(3)] ?? '',
    labelSelector: { matchLabels: { app: apps[roll(3)] ?? '' } },
  })
  const required = Array.from({ length: roll(3) }, term)
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } }
  const labels = { app: apps[roll(3)] ?? '' }
  return pod(name, { labels, cpu: '10m', ...(on ? { on } : {}), spec: required.length > 0 ? { affinity } : {} })
}

/** In two zones, of which some know nothing; a rack has ten of them. */
function someNode(index: number, roll: (sides: number) => number): Node {
  const labels: Record<string, string> =
    roll(20) === 0 ? {} : { [zone]: `zone-${roll(2)}`, rack: `rack-${Math.floor(index / 10)}` }
  return node(`n${index}`, { labels, spec: roll(15) === 0 ? { unschedulable: true } : {} })
}

describe('looking for nodes', () => {
  it.each(Array.from({ length: 12 }, (_, i) => i + 1))('finds what asking about every node finds (%i)', (seed) => {
    const roll = dice(seed)
    const count = 130 + roll(200)
    const running = Array.from({ length: 1 + roll(12) }, (_, i) => somePod(`r${i}`, roll, `n${roll(count)}`))
    const cache = cacheOf(
      Array.from({ length: count }, (_, i) => someNode(i, roll)),
      running,
    )
    for (let i = 0; i < 30; i++) {
      // nodes come, go and are labelled anew between the attempts
      if (roll(3) === 0) cache.setNode(someNode(roll(count + 5), roll))
      if (roll(6) === 0) cache.removeNode(`n${roll(count)}`)
      if (roll(2) === 0) cache.setPod(somePod(`r${count + i}`, roll, `n${roll(count)}`))
      const incoming = podInfo(somePod('p', roll))
      const startIndex = roll(cache.nodes.length)
      const options = { profile, percentageOfNodesToScore: 0, startIndex, random: () => 0 }
      const { nodes, evaluated, rejections } = search(incoming, cache, options)
      expect({ nodes: nodes.map(({ name }) => name), evaluated }).toEqual(askEveryNode(incoming, cache, startIndex))
      expect(rejections).toHaveLength(nodes.length === 0 ? cache.nodes.length : 0)
    }
  })
})
