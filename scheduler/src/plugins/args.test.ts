import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod, profileOf } from '../cases.ts'
import { fitErrorMessage } from '../framework/fit-error.ts'
import { schedule } from '../framework/schedule.ts'

const zone = 'topology.kubernetes.io/zone'
const nodes = [
  node('a', { cpu: '4', memory: '8Gi', foo: 10, labels: { [zone]: 'z1' } }),
  node('b', { cpu: '4', memory: '8Gi', foo: 10, labels: { [zone]: 'z2', disk: 'fast' } }),
]
const running = [
  pod('r', { on: 'a', cpu: '2', memory: '4Gi', foo: 5, labels: { app: 'web' } }),
  pod('s', { on: 'b', cpu: '1', memory: '2Gi', foo: 1 }),
]
const affine = (kind: 'required' | 'preferred'): Pod => {
  const term = { topologyKey: zone, labelSelector: { matchLabels: { app: 'new' } } }
  const rule =
    kind === 'required'
      ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
      : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, podAffinityTerm: term }] }
  return pod('t', { on: 'a', spec: { affinity: { podAffinity: rule } } })
}
const strategy = (text: string): string => `name: NodeResourcesFit, args: {scoringStrategy: {${text}}}`

/** Where the Pod goes when its plugin is told this; only its own score counts. */
function outcome(plugin: string, config: string, incoming: Pod, more: Pod[] = []): string {
  const text = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles: [{plugins: {score: {disabled: [{name: "*"}], enabled: [{name: ${plugin}}]}}, pluginConfig: [{${config}}]}]`
  const cache = cacheOf(nodes, [...running, ...more])
  const options = {
    profile: profileOf({ config: text }),
    percentageOfNodesToScore: 0,
    startIndex: 0,
    random: () => 0.99,
  }
  const result = schedule(podInfo(incoming), cache, options)
  return 'node' in result ? result.node.name : fitErrorMessage(result).replace(/ preemption: .*/, '')
}

const whatever = 'name: NodeName'
const wants = pod('p', { cpu: '1', memory: '1Gi', labels: { app: 'new' } })
const ratio = (shape: string): string =>
  strategy(`type: RequestedToCapacityRatio, resources: [{name: cpu}], requestedToCapacityRatio: {shape: [${shape}]}`)
const spread = (text: string): string =>
  `name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: ${zone}, ${text}}]}`
const web = pod('p', { labels: { app: 'web' } })

describe('plugin arguments', () => {
  it.each<[string, string, string, Pod, Pod[], string]>([
    ['the least allocated node', 'NodeResourcesFit', whatever, wants, [], 'b'],
    ['the most allocated node', 'NodeResourcesFit', strategy('type: MostAllocated'), wants, [], 'a'],
    [
      'the most allocated node by a resource of its own',
      'NodeResourcesFit',
      strategy('type: MostAllocated, resources: [{name: scheduling.k8s.io/foo}]'),
      pod('p', { foo: 1 }),
      [pod('t', { on: 'b', foo: 8 })],
      'b',
    ],
    [
      'full is better',
      'NodeResourcesFit',
      ratio('{utilization: 0, score: 0}, {utilization: 100, score: 10}'),
      wants,
      [],
      'a',
    ],
    [
      'half is best',
      'NodeResourcesFit',
      ratio('{utilization: 50, score: 10}, {utilization: 60, score: 0}'),
      wants,
      [],
      'b',
    ],
    [
      'a resource that somebody else looks after',
      'ImageLocality',
      'name: NodeResourcesFit, args: {ignoredResources: [example.com/gpu]}',
      pod('p', { spec: { overhead: { 'example.com/gpu': '1' } } }),
      [],
      'a',
    ],
    [
      'a group of such resources',
      'ImageLocality',
      'name: NodeResourcesFit, args: {ignoredResourceGroups: [example.com]}',
      pod('p', { spec: { overhead: { 'example.com/gpu': '1' } } }),
      [],
      'a',
    ],
    [
      'balance by another resource',
      'NodeResourcesBalancedAllocation',
      'name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu}, {name: scheduling.k8s.io/foo}]}',
      pod('p', { cpu: '100m', foo: 2 }),
      [],
      'b',
    ],
    [
      'nodes that the profile requires',
      'ImageLocality',
      'name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: ' +
        '{nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [slow]}]}]}}}',
      wants,
      [],
      "0/2 nodes are available: 2 node(s) didn't match scheduler-enforced node affinity.",
    ],
    [
      'nodes that the profile prefers',
      'NodeAffinity',
      'name: NodeAffinity, args: {addedAffinity: {preferredDuringSchedulingIgnoredDuringExecution: ' +
        '[{weight: 1, preference: {matchExpressions: [{key: disk, operator: Exists}]}}]}}',
      wants,
      [],
      'b',
    ],
    ['what others require', 'InterPodAffinity', whatever, wants, [affine('required')], 'a'],
    [
      'what others require, when it weighs nothing',
      'InterPodAffinity',
      'name: InterPodAffinity, args: {hardPodAffinityWeight: 0}',
      wants,
      [affine('required')],
      'a',
    ],
    ['what others prefer', 'InterPodAffinity', whatever, wants, [affine('preferred')], 'a'],
    ['spread as the profile prefers', 'PodTopologySpread', spread('whenUnsatisfiable: ScheduleAnyway'), web, [], 'b'],
    [
      'spread as the profile requires',
      'PodTopologySpread',
      spread('whenUnsatisfiable: DoNotSchedule'),
      web,
      [pod('t', { on: 'b', cpu: '3' })],
      'b',
    ],
  ])('%s', (_name, plugin, config, incoming, more, want) => {
    expect(outcome(plugin, config, incoming, more)).toBe(want)
  })
})
