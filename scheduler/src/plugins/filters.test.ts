import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod } from '../cases.ts'
import { isRejection, type Plugin } from '../framework/plugin.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'

const zone = 'topology.kubernetes.io/zone'
const host = 'kubernetes.io/hostname'
const inZone = (name: string) => ({ labels: { [zone]: name } })

const nodes = [
  node('small', { cpu: '1', memory: '1Gi', pods: '1', ...inZone('a') }),
  node('big', { ...inZone('b') }),
  node('gpu', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }], unschedulable: true } }),
]
const running = [
  pod('web', { on: 'small', cpu: '500m', hostPort: 80, labels: { app: 'web' } }),
  pod('db', {
    on: 'big',
    memory: '7Gi',
    labels: { app: 'db' },
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: host, labelSelector: { matchLabels: { app: 'noisy' } } },
          ],
        },
      },
    },
  }),
]

const affinity = (kind: 'podAffinity' | 'podAntiAffinity', app: string, topologyKey: string) => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: { app } } }],
    },
  },
})
const nodeTerm = (operator: string, key: string, values?: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }],
      },
    },
  },
})
const named = (...terms: string[][]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: terms.map((values) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values }] })),
      },
    },
  },
})
const spread = (app: string, topologyKey: string, minDomains?: number) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app } },
      ...(minDomains ? { minDomains } : {}),
    },
  ],
})

/** The nodes that pass, or "name: reasons" of those that do not; "!" marks what no eviction would help. */
function verdicts(plugin: Plugin, incoming: Pod): string[] {
  const cache = cacheOf(nodes, running)
  const filter = plugin.preFilter?.(podInfo(incoming), cache)
  return cache.nodes.map((each) => {
    const rejection = isRejection(filter) ? filter : filter?.(each)
    return rejection ? `${rejection.unresolvable ? '!' : ''}${each.name}: ${rejection.reasons.join(', ')}` : each.name
  })
}

const tooMany = 'small: Too many pods'
const noLabel = (name: string) =>
  `!${name}: node(s) didn't match pod topology spread constraints (missing required label)`
const notAffine = (name: string) => `!${name}: node(s) didn't match pod affinity rules`

describe('filters', () => {
  it.each<[string, Plugin, Pod, string[]]>([
    ['a Pod that asks for nothing', nodeResourcesFit(), pod('p'), [tooMany, 'big', 'gpu']],
    [
      'too much CPU for what is left, and too many Pods',
      nodeResourcesFit(),
      pod('p', { cpu: '600m' }),
      ['small: Too many pods, Insufficient cpu', 'big', 'gpu'],
    ],
    [
      'too much memory for the whole node',
      nodeResourcesFit(),
      pod('p', { memory: '2Gi' }),
      ['!small: Too many pods, Insufficient memory', 'big: Insufficient memory', 'gpu'],
    ],
    [
      'a resource that no node has',
      nodeResourcesFit(),
      pod('p', { spec: { overhead: { 'example.com/gpu': '1' } } }),
      [
        '!small: Too many pods, Insufficient example.com/gpu',
        '!big: Insufficient example.com/gpu',
        '!gpu: Insufficient example.com/gpu',
      ],
    ],
    [
      'a node by name',
      nodeName,
      pod('p', { on: 'big' }),
      [
        "!small: node(s) didn't match the requested node name",
        'big',
        "!gpu: node(s) didn't match the requested node name",
      ],
    ],
    ['a cordoned node', nodeUnschedulable, pod('p'), ['small', 'big', '!gpu: node(s) were unschedulable']],
    [
      'a cordoned node, tolerated',
      nodeUnschedulable,
      pod('p', { spec: { tolerations: [{ operator: 'Exists' }] } }),
      ['small', 'big', 'gpu'],
    ],
    ['a taint', taintToleration, pod('p'), ['small', 'big', '!gpu: node(s) had untolerated taint(s)']],
    [
      'a tolerated taint',
      taintToleration,
      pod('p', { spec: { tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }] } }),
      ['small', 'big', 'gpu'],
    ],
    [
      'nodeSelector',
      nodeAffinity(),
      pod('p', { spec: { nodeSelector: { [zone]: 'b' } } }),
      [
        "!small: node(s) didn't match Pod's node affinity/selector",
        'big',
        "!gpu: node(s) didn't match Pod's node affinity/selector",
      ],
    ],
    [
      'node affinity In',
      nodeAffinity(),
      pod('p', { spec: nodeTerm('In', zone, ['a', 'b']) }),
      ['small', 'big', "!gpu: node(s) didn't match Pod's node affinity/selector"],
    ],
    [
      'node affinity NotIn',
      nodeAffinity(),
      pod('p', { spec: nodeTerm('NotIn', zone, ['c']) }),
      ['small', 'big', 'gpu'],
    ],
    [
      'node affinity DoesNotExist',
      nodeAffinity(),
      pod('p', { spec: nodeTerm('DoesNotExist', zone) }),
      [
        "!small: node(s) didn't match Pod's node affinity/selector",
        "!big: node(s) didn't match Pod's node affinity/selector",
        'gpu',
      ],
    ],
    [
      'a host port in use',
      nodePorts,
      pod('p', { hostPort: 80 }),
      ["small: node(s) didn't have free ports for the requested pod ports", 'big', 'gpu'],
    ],
    ['another host port', nodePorts, pod('p', { hostPort: 81 }), ['small', 'big', 'gpu']],
    [
      'affinity to a Pod of the zone',
      interPodAffinity(),
      pod('p', { spec: affinity('podAffinity', 'web', zone) }),
      ['small', notAffine('big'), notAffine('gpu')],
    ],
    [
      'affinity to nobody',
      interPodAffinity(),
      pod('p', { spec: affinity('podAffinity', 'none', host) }),
      [notAffine('small'), notAffine('big'), notAffine('gpu')],
    ],
    [
      'affinity to itself, the first of its kind',
      interPodAffinity(),
      pod('p', { labels: { app: 'new' }, spec: affinity('podAffinity', 'new', zone) }),
      ['small', 'big', notAffine('gpu')],
    ],
    [
      'anti-affinity',
      interPodAffinity(),
      pod('p', { spec: affinity('podAntiAffinity', 'web', host) }),
      ["small: node(s) didn't match pod anti-affinity rules", 'big', 'gpu'],
    ],
    [
      "another Pod's anti-affinity",
      interPodAffinity(),
      pod('p', { labels: { app: 'noisy' } }),
      ['small', "big: node(s) didn't satisfy existing pods anti-affinity rules", 'gpu'],
    ],
    [
      "another Pod's anti-affinity in another namespace",
      interPodAffinity(),
      pod('p', { namespace: 'other', labels: { app: 'noisy' } }),
      ['small', 'big', 'gpu'],
    ],
    [
      'spread by zone',
      podTopologySpread(),
      pod('p', { labels: { app: 'web' }, spec: spread('web', zone) }),
      ["small: node(s) didn't match pod topology spread constraints", 'big', noLabel('gpu')],
    ],
    [
      'spread by host',
      podTopologySpread(),
      pod('p', { labels: { app: 'web' }, spec: spread('web', host) }),
      ["small: node(s) didn't match pod topology spread constraints", 'big', 'gpu'],
    ],
    [
      'spread over more zones than there are',
      podTopologySpread(),
      pod('p', { labels: { app: 'web' }, spec: spread('web', zone, 3) }),
      ["small: node(s) didn't match pod topology spread constraints", 'big', noLabel('gpu')],
    ],
  ])('%s', (_name, plugin, incoming, want) => {
    expect(verdicts(plugin, incoming)).toEqual(want)
  })

  it.each<[string, Pod, string[] | undefined]>([
    ['no terms', pod('p', { spec: { nodeSelector: { [zone]: 'a' } } }), undefined],
    ['terms with names', pod('p', { spec: named(['small'], ['big', 'small']) }), ['small', 'big']],
    ['a term without a name', pod('p', { spec: nodeTerm('In', zone, ['a']) }), undefined],
  ])('node affinity brings few nodes into question: %s', (_name, incoming, want) => {
    const filter = nodeAffinity().preFilter?.(podInfo(incoming), cacheOf(nodes))
    expect(typeof filter === 'function' && filter.only && [...filter.only]).toEqual(want)
  })

  it('node affinity refuses terms that no name can meet', () => {
    const fields = ['small', 'big'].map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] }))
    const required = { nodeSelectorTerms: [{ matchFields: fields }] }
    const spec = { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }
    expect(verdicts(nodeAffinity(), pod('p', { spec }))[0]).toBe('!small: pod affinity terms conflict')
  })
})
