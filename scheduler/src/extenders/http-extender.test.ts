import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { sendJson, startScriptedServer } from '@kubets/shared/testing/scripted-server.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod, profileOf } from '../cases.ts'
import { completeExtenders, type GivenExtender } from '../config/extenders.ts'
import { fitErrorMessage } from '../framework/fit-error.ts'
import { scheduleExtended } from '../framework/schedule-extended.ts'
import { HTTPExtender } from './http-extender.ts'

type Answers = Record<string, object | number>

let answers: Answers = {}
let server: Awaited<ReturnType<typeof startScriptedServer>>
beforeAll(async () => {
  server = await startScriptedServer(({ path }, response) => {
    const answer = answers[path.slice(1)]
    // without an answer it never comes
    if (typeof answer === 'number') sendJson(response, {}, answer)
    else if (answer) sendJson(response, answer)
  })
})
afterAll(() => server.stop())

const clock = new FakeClock()
const { signal } = new AbortController()
const extenderOf = (given: GivenExtender): HTTPExtender[] =>
  completeExtenders([{ urlPrefix: `${server.url}/`, ...given }], []).map((config) => new HTTPExtender(config, clock))
/** What the extender was asked last. */
const asked = (): unknown => JSON.parse(server.requests.at(-1)?.body ?? '')

interface Case {
  given: GivenExtender
  answers: Answers
  incoming?: Pod
  nodes?: Node[]
  running?: Pod[]
}

const [a, b] = [node('a', { foo: 3 }), node('b', { foo: 3 })]
const high = pod('high', { foo: 3, priority: 100 })
const full = [pod('p', { on: 'a', foo: 3 }), pod('q', { on: 'b', foo: 3, priority: 1 })]

/** "on a", "on a when p go", why not, or what went wrong. */
async function outcome({ given, answers: all, incoming = pod('x'), nodes = [a, b], running = [] }: Case) {
  answers = all
  const cache = cacheOf(nodes, running)
  const common = { profile: profileOf(), percentageOfNodesToScore: 0, startIndex: 0, random: () => 0.99 }
  const options = { ...common, extenders: extenderOf(given), signal }
  try {
    const result = await scheduleExtended(podInfo(incoming), cache, options)
    if ('node' in result) return `on ${result.node.name}`
    if (!result.nominated) return `${fitErrorMessage(result)} ${[...result.plugins].join()}`
    return `on ${result.nominated} when ${result.victims.map((one) => one.pod.metadata.name).join()} go`
  } catch (error) {
    return (error as Error).message.replace(server.url, 'URL')
  }
}

const filter = { filterVerb: 'filter', nodeCacheCapable: true }
const score = { prioritizeVerb: 'score', weight: 1, nodeCacheCapable: true }
const preempt = { preemptVerb: 'preempt', nodeCacheCapable: true }
const victims = (uid: string, violations = 0): object => ({ Pods: [{ UID: uid }], NumPDBViolations: violations })
const notHelpful = 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'

describe('an extender', () => {
  it.each<[string, string, Case]>([
    ['leaves a node', 'on b', { given: filter, answers: { filter: { NodeNames: ['b'] } } }],
    ['in small letters', 'on b', { given: filter, answers: { filter: { nodenames: ['b'] } } }],
    [
      'by objects where it does not know the nodes',
      'on b',
      { given: { filterVerb: 'filter' }, answers: { filter: { Nodes: { items: [b] } } } },
    ],
    [
      'leaves none, for reasons',
      `0/2 nodes are available: 1 no room, 1 not ever. preemption: 0/2 nodes are available: ` +
        '1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling. Extender',
      {
        given: filter,
        answers: {
          filter: {
            NodeNames: [],
            FailedNodes: { a: 'no room', b: 'x' },
            FailedAndUnresolvableNodes: { b: 'not ever' },
          },
        },
      },
    ],
    [
      'leaves none, without a word',
      `0/2 nodes are available: ${notHelpful} Extender`,
      { given: filter, answers: { filter: {} } },
    ],
    ['has an error', 'no luck', { given: filter, answers: { filter: { Error: 'no luck' } } }],
    [
      'answers 500',
      'failed filter with extender at URL URL/filter, code 500',
      { given: filter, answers: { filter: 500 } },
    ],
    ['is ignored', 'on a', { given: { ...filter, ignorable: true }, answers: { filter: 500 }, nodes: [a] }],
    [
      'names another node',
      'extender "URL/" claims a filtered node "c" which is not found in the input node list',
      { given: filter, answers: { filter: { NodeNames: ['c'] } } },
    ],
    ['likes a node', 'on b', { given: score, answers: { score: [{ Host: 'b', Score: 10 }] } }],
    [
      'is no match for plugins when its weight is small',
      'on b',
      {
        given: score,
        answers: { score: [{ Host: 'a', Score: 1 }] },
        incoming: pod('x', { cpu: '1' }),
        running: [pod('r', { on: 'a', cpu: '3', memory: '7Gi' })],
      },
    ],
    [
      'is one when it is large',
      'on a',
      {
        given: { ...score, weight: 50 },
        answers: { score: [{ Host: 'a', Score: 1 }] },
        incoming: pod('x', { cpu: '1' }),
        running: [pod('r', { on: 'a', cpu: '3', memory: '7Gi' })],
      },
    ],
    ['cannot score', 'on a', { given: score, answers: { score: 500 } }],
    [
      'chooses whose Pods go',
      'on b when q go',
      {
        given: preempt,
        answers: { preempt: { NodeNameToMetaVictims: { b: victims('uid-q') } } },
        incoming: high,
        running: full,
      },
    ],
    [
      'lets no Pod go',
      '0/2 nodes are available: 2 Insufficient scheduling.k8s.io/foo. preemption: no candidate node for preemption NodeResourcesFit',
      { given: preempt, answers: { preempt: { NodeNameToMetaVictims: {} } }, incoming: high, running: full },
    ],
    [
      'names a Pod that is not there',
      'extender: URL/ claims to preempt pod (UID: &MetaPod{UID:uid-p,}) on node: b, but the pod is not found on that node',
      {
        given: preempt,
        answers: { preempt: { NodeNameToMetaVictims: { b: victims('uid-p') } } },
        incoming: high,
        running: full,
      },
    ],
    [
      'names no Pod',
      'expected at least one victim pod on node "b"',
      {
        given: preempt,
        answers: { preempt: { NodeNameToMetaVictims: { b: { Pods: [] } } } },
        incoming: high,
        running: full,
      },
    ],
    [
      'is not asked whose Pods go when it may be ignored and fails',
      'on a when p go',
      { given: { ...preempt, ignorable: true }, answers: { preempt: 500 }, incoming: high, running: full },
    ],
  ])('%s: %s', async (_name, want, each) => {
    expect(await outcome(each)).toBe(want)
  })

  it('is told the Pod and the names of the nodes, or the nodes themselves', async () => {
    await outcome({ given: filter, answers: { filter: { NodeNames: ['a'] } } })
    expect(asked()).toEqual({ Pod: pod('x'), Nodes: null, NodeNames: ['a', 'b'] })
    await outcome({ given: { filterVerb: 'filter' }, answers: { filter: { Nodes: { items: [a] } } } })
    expect(asked()).toEqual({ Pod: pod('x'), Nodes: { metadata: {}, items: [a, b] }, NodeNames: null })
  })

  it('is told whose Pods may go, by uid or whole', async () => {
    const answer = { preempt: { NodeNameToMetaVictims: { a: victims('uid-p') } } }
    await outcome({ given: preempt, answers: answer, incoming: high, running: full })
    const meta = { a: victims('uid-p'), b: victims('uid-q') }
    expect(asked()).toEqual({ Pod: high, NodeNameToVictims: null, NodeNameToMetaVictims: meta })
    await outcome({ given: { preemptVerb: 'preempt' }, answers: answer, incoming: high, running: full })
    const [p, q] = full.map((one) => ({ Pods: [one], NumPDBViolations: 0 }))
    expect(asked()).toEqual({ Pod: high, NodeNameToVictims: { a: p, b: q }, NodeNameToMetaVictims: null })
  })

  it('has the promised node refused, and another one found', async () => {
    answers = { filter: { NodeNames: ['b'] } }
    const cache = cacheOf([a, b])
    const info = podInfo({ ...pod('x'), status: { nominatedNodeName: 'a' } })
    cache.nominator.set(info)
    const common = { profile: profileOf(), percentageOfNodesToScore: 0, startIndex: 0, random: () => 0.99 }
    // of the promised node alone it says that it does not know the other one
    const ignoring = extenderOf({ ...filter, ignorable: true })
    expect(await scheduleExtended(info, cache, { ...common, extenders: ignoring, signal })).toMatchObject({
      node: { name: 'a' },
    })
    answers = { filter: { NodeNames: [], FailedNodes: { a: 'no' } } }
    const strict = extenderOf(filter)
    const result = await scheduleExtended(info, cache, { ...common, extenders: strict, signal })
    expect(
      server.requests.slice(-2).map(({ body }) => (JSON.parse(body) as { NodeNames: string[] }).NodeNames),
    ).toEqual([['a'], ['a', 'b']])
    expect('node' in result).toBe(false)
  })

  it.each<[string, boolean, Pod]>([
    ['asks for it', true, pod('x', { foo: 1 })],
    ['does not', false, pod('x', { cpu: '1' })],
    [
      'has a container that does before the others',
      true,
      pod('x', {
        spec: {
          initContainers: [{ name: 'i', image: 'i', resources: { requests: { 'scheduling.k8s.io/foo': '1' } } }],
        },
      }),
    ],
  ])('is interested in its resources: a Pod that %s', (_name, want, incoming) => {
    const [extender] = extenderOf({ managedResources: [{ name: 'scheduling.k8s.io/foo' }] })
    expect(extender?.isInterested(podInfo(incoming))).toBe(want)
  })

  it('is not waited for longer than its time', async () => {
    const result = outcome({ given: { ...filter, httpTimeout: '2s' }, answers: {} })
    const seen = server.requests.length
    while (server.requests.length === seen) await new Promise(setImmediate)
    await clock.advance(2_000)
    expect(await result).toBe(
      'Post "URL//filter": context deadline exceeded (Client.Timeout exceeded)'.replace('//', '/'),
    )
  })

  it('binds, or says why not', async () => {
    answers = { bind: {} }
    const [extender] = extenderOf({ bindVerb: 'bind' })
    await extender?.bind(podInfo(pod('x')), 'a', signal)
    expect(asked()).toEqual({ PodName: 'x', PodNamespace: 'default', PodUID: 'uid-x', Node: 'a' })
    answers = { bind: { error: 'gone' } }
    await expect(extender?.bind(podInfo(pod('x')), 'a', signal)).rejects.toThrow('gone')
  })

  it('refuses certificates that do not go together', () => {
    const data = Buffer.from('pem').toString('base64')
    expect(() => extenderOf({ tlsConfig: { caData: data, insecure: true } })).toThrow(
      'specifying a root certificates file with the insecure flag is not allowed',
    )
    expect(() => extenderOf({ tlsConfig: { certData: data } })).toThrow('a client certificate needs its key')
  })
})
