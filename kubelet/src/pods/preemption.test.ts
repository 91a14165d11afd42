import { describe, expect, it } from 'vitest'
import type { Pod, ResourceRequirements } from '@kubets/shared/api/types/core-v1.ts'
import { container, pod } from './fixtures.ts'
import { isCritical, podsToPreempt, type Lacking } from './preemption.ts'

// the Pods of upstream's pkg/kubelet/preemption/preemption_test.go
const make = (name: string, resources: ResourceRequirements, priority?: number): Pod =>
  pod(
    { containers: [container('a', { resources })], ...(priority === undefined ? {} : { priority }) },
    {
      metadata: { name },
    },
  )
const asks = (amount: number) => ({ cpu: `${amount}m`, memory: `${amount}Mi` })
const critical = 2_000_000_000
const pods = {
  clusterCritical: make('cluster-critical', { requests: asks(100) }, critical),
  nodeCritical: make('node-critical', { requests: asks(100) }, critical + 100),
  bestEffort: make('best-effort', {}),
  burstable: make('burstable', { requests: asks(100) }),
  largeBurstable: make('large-burstable', { requests: asks(300) }),
  guaranteed: make('guaranteed', { requests: asks(100), limits: asks(100) }),
  largeGuaranteed: make('large-guaranteed', { requests: asks(300), limits: asks(300) }),
}
type Name = keyof typeof pods

const lacking = (milliCpu: number, mebibytes: number, places: number): Lacking[] =>
  [
    { name: 'cpu', amount: milliCpu },
    { name: 'memory', amount: mebibytes << 20 },
    { name: 'pods', amount: places },
  ].filter(({ amount }) => amount > 0)

describe('podsToPreempt', () => {
  it.each<[string, Name, Name[], Lacking[], Name[]]>([
    ['nothing is lacking', 'clusterCritical', [], lacking(0, 0, 0), []],
    ['what is just enough', 'clusterCritical', ['burstable'], lacking(100, 100, 1), ['burstable']],
    ['best effort before burstable', 'clusterCritical', ['burstable', 'bestEffort'], lacking(0, 0, 1), ['bestEffort']],
    ['burstable before guaranteed', 'clusterCritical', ['burstable', 'guaranteed'], lacking(0, 0, 1), ['burstable']],
    [
      'the smaller one that is enough',
      'clusterCritical',
      ['bestEffort', 'largeBurstable', 'burstable'],
      lacking(100, 100, 0),
      ['burstable'],
    ],
    [
      'the larger one where the smaller is not enough',
      'clusterCritical',
      ['bestEffort', 'burstable', 'largeBurstable'],
      lacking(150, 150, 0),
      ['largeBurstable'],
    ],
    [
      'several, the nearest first',
      'clusterCritical',
      ['bestEffort', 'burstable', 'largeBurstable', 'guaranteed', 'largeGuaranteed'],
      lacking(350, 350, 0),
      ['largeBurstable', 'burstable'],
    ],
    [
      'guaranteed ones when it must be, and no burstable one too many',
      'clusterCritical',
      ['bestEffort', 'burstable', 'largeBurstable', 'guaranteed', 'largeGuaranteed'],
      lacking(0, 550, 0),
      ['largeBurstable', 'largeGuaranteed'],
    ],
    [
      'never what is critical too',
      'clusterCritical',
      ['clusterCritical', 'bestEffort', 'burstable', 'largeBurstable', 'guaranteed', 'largeGuaranteed'],
      lacking(0, 550, 0),
      ['largeBurstable', 'largeGuaranteed'],
    ],
    [
      'what is critical for what is more so',
      'nodeCritical',
      ['clusterCritical'],
      lacking(100, 0, 0),
      ['clusterCritical'],
    ],
  ])('%s', (_, of, others, wants, expected) => {
    const found = podsToPreempt(
      pods[of],
      others.map((name) => pods[name]),
      wants,
    )
    expect(found.map(({ metadata }) => metadata.name)).toEqual(expected.map((name) => pods[name].metadata.name))
  })

  it.each<[string, Name, Name[], Lacking[], string]>([
    ['there are none', 'clusterCritical', [], lacking(0, 0, 1), '(res: pods, q: 1), '],
    [
      'all are not enough',
      'clusterCritical',
      ['burstable'],
      lacking(200, 200, 2),
      '(res: cpu, q: 100), (res: memory, q: 104857600), (res: pods, q: 1), ',
    ],
    ['they are as critical', 'clusterCritical', ['clusterCritical'], lacking(0, 0, 1), '(res: pods, q: 1), '],
    ['they are more critical', 'clusterCritical', ['nodeCritical'], lacking(100, 0, 0), '(res: cpu, q: 100), '],
    ['they ask for nothing', 'clusterCritical', ['bestEffort'], lacking(0, 1, 0), '(res: memory, q: 1048576), '],
  ])('fails when %s', (_, of, others, wants, list) => {
    expect(() =>
      podsToPreempt(
        pods[of],
        others.map((name) => pods[name]),
        wants,
      ),
    ).toThrow(`no set of running pods found to reclaim resources: [${list}]`)
  })
})

describe('isCritical', () => {
  const annotated = (annotations: Record<string, string>): Pod =>
    pod({ containers: [] }, { metadata: { name: 'a', annotations } })
  it.each<[string, Pod, boolean]>([
    ['a priority of the system', pods.clusterCritical, true],
    ['a high priority', make('high', {}, critical - 1), false],
    ['none', pods.burstable, false],
    ['a static Pod', annotated({ 'kubernetes.io/config.source': 'file' }), true],
    ['a mirror Pod', annotated({ 'kubernetes.io/config.mirror': '' }), true],
    ['a Pod of the API server', annotated({ 'kubernetes.io/config.source': 'api' }), false],
  ])('%s', (_, of, expected) => {
    expect(isCritical(of)).toBe(expected)
  })
})
