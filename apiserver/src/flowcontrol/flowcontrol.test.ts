import { suggestedFlowSchemas, suggestedPriorityLevels } from '@kubets/shared/api/kinds/flowcontrol/bootstrap.ts'
import type { FlowSchema } from '@kubets/shared/api/types/flowcontrol-v1.ts'
import { describe, expect, it } from 'vitest'
import { allocate, nominalLimits, noDemand, withObserved } from './allocate.ts'
import { estimate, seatsOfOne } from './estimate.ts'
import { Levels } from './levels.ts'
import { distinguisherOf, matches, type Digest } from './match.ts'
import { created, danglingConditions, isObsolete, mended } from './objects.ts'
import { RetryAfter } from './retry-after.ts'
import { deal, flowHash } from './shuffle.ts'

const digest = (given: Partial<Digest>, name = 'jane', ...groups: string[]): Digest => ({
  user: { name, groups: [...groups, 'system:authenticated'] },
  verb: 'get',
  isResourceRequest: true,
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: '',
  path: '',
  ...given,
})

describe('which schema has a request', () => {
  const levels = new Levels(600)
  levels.configure(suggestedPriorityLevels, suggestedFlowSchemas, 0)
  const lease = { apiGroup: 'coordination.k8s.io', resource: 'leases', verb: 'update' }
  const account = 'system:serviceaccount:kube-system:'

  it.each<[string, Digest, string]>([
    ['an administrator', digest({}, 'admin', 'system:masters'), 'exempt/exempt'],
    ['a health check', digest({ isResourceRequest: false, path: '/readyz' }), 'probes/exempt'],
    ['a version', digest({ isResourceRequest: false, path: '/version' }), 'global-default/global-default'],
    [
      'leader election',
      digest({ ...lease, namespace: 'kube-system' }, 'system:kube-scheduler'),
      'system-leader-election/leader-election',
    ],
    [
      'a heartbeat',
      digest({ ...lease, namespace: 'kube-node-lease' }, 'system:node:a', 'system:nodes'),
      'system-node-high/node-high',
    ],
    [
      'a status of a node',
      digest({ resource: 'nodes', subresource: 'status', namespace: '' }, 'system:node:a', 'system:nodes'),
      'system-node-high/node-high',
    ],
    ['another of a node', digest({}, 'system:node:a', 'system:nodes'), 'system-nodes/system'],
    ['a controller', digest({}, 'system:kube-controller-manager'), 'kube-controller-manager/workload-high'],
    [
      'an account of the system',
      digest({}, `${account}a`, 'system:serviceaccounts'),
      'kube-system-service-accounts/workload-high',
    ],
    [
      'another account',
      digest({}, 'system:serviceaccount:a:b', 'system:serviceaccounts'),
      'service-accounts/workload-low',
    ],
    ['anybody', digest({}), 'global-default/global-default'],
    ['nobody', { ...digest({}), user: { name: 'x', groups: [] } }, 'catch-all/catch-all'],
  ])('%s', (_, request, expected) => {
    const { name, level } = levels.classify(request)
    expect(`${name}/${level.name}`).toBe(expected)
  })

  it('is none whose level is missing', () => {
    const alone = new Levels(600)
    alone.configure([], suggestedFlowSchemas, 0)
    expect(alone.schemas.map(({ name }) => name)).toEqual(['exempt', 'probes', 'catch-all'])
  })
})

describe('matches', () => {
  const schema = (rule: object, subject: object = { kind: 'User', user: { name: '*' } }): FlowSchema =>
    ({ metadata: {}, spec: { rules: [{ subjects: [subject], ...rule }] } }) as FlowSchema
  const rule = { verbs: ['get'], apiGroups: ['*'], resources: ['pods', 'pods/log'], namespaces: ['a'] }

  it.each<[object, Partial<Digest>, boolean]>([
    [{ resourceRules: [rule] }, { namespace: 'a' }, true],
    [{ resourceRules: [rule] }, { namespace: 'b' }, false],
    [{ resourceRules: [rule] }, { namespace: 'a', verb: 'list' }, false],
    [{ resourceRules: [rule] }, { namespace: 'a', subresource: 'log' }, true],
    [{ resourceRules: [rule] }, { namespace: 'a', subresource: 'exec' }, false],
    [{ resourceRules: [{ ...rule, namespaces: ['*'] }] }, { namespace: '' }, false],
    [{ resourceRules: [{ ...rule, clusterScope: true }] }, { namespace: '' }, true],
    [
      { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }] },
      { isResourceRequest: false, path: '/a/b' },
      true,
    ],
    [
      { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }] },
      { isResourceRequest: false, path: '/ab' },
      false,
    ],
    [{ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }, { isResourceRequest: true }, false],
  ])('%j for %j', (rules, request, expected) => {
    expect(matches(schema(rules), digest(request))).toBe(expected)
  })

  it('flows are told apart as the schema says', () => {
    const by = (type: string) => ({ metadata: {}, spec: { distinguisherMethod: { type } } }) as FlowSchema
    expect(distinguisherOf(by('ByUser'), digest({}))).toBe('jane')
    expect(distinguisherOf(by('ByNamespace'), digest({}))).toBe('default')
    expect(distinguisherOf(schema({}), digest({}))).toBe('')
  })
})

describe('shuffle sharding', () => {
  it('deals every hand once', () => {
    const hands = Array.from({ length: 12 }, (_, hash) => deal(BigInt(hash), 4, 2).join())
    expect(new Set(hands).size).toBe(12)
    for (const hand of hands) expect(new Set(hand.split(',')).size).toBe(2)
  })

  it('two flows seldom have the same hand', () => {
    const hand = (flow: string): number[] => deal(flowHash('schema', flow), 128, 6)
    const mine = hand('jane')
    const shared = Array.from(
      { length: 100 },
      (_, i) => hand(`user-${i}`).filter((queue) => mine.includes(queue)).length,
    )
    expect(Math.max(...shared)).toBeLessThan(6)
    expect(hand('jane')).toEqual(mine)
  })
})

describe('seats', () => {
  const level = (shares: number, lendablePercent: number, borrowingLimitPercent?: number) => ({
    shares,
    lendablePercent,
    ...(borrowingLimitPercent === undefined ? {} : { borrowingLimitPercent }),
  })

  it('are divided by shares', () => {
    expect(nominalLimits([level(0, 0), level(30, 33), level(70, 50, 20)], 600)).toEqual([
      { nominal: 0, lower: 0, upper: 600 },
      { nominal: 180, lower: 121, upper: 780 },
      { nominal: 420, lower: 210, upper: 504 },
    ])
  })

  it('are lent by who does not need them, and all given out', () => {
    const [a, b] = nominalLimits([level(50, 50), level(50, 50)], 100) as [never, never]
    const idle = { peak: 0, smoothed: 0 }
    const busy = { peak: 200, smoothed: 200 }
    expect(
      allocate(
        [
          { limits: a, demand: idle },
          { limits: b, demand: idle },
        ],
        100,
      ),
    ).toMatchObject({ limits: [50, 50] })
    expect(
      allocate(
        [
          { limits: a, demand: busy },
          { limits: b, demand: idle },
        ],
        100,
      ),
    ).toMatchObject({ limits: [75, 25] })
    expect(
      allocate(
        [
          { limits: a, demand: busy },
          { limits: b, demand: busy },
        ],
        100,
      ),
    ).toMatchObject({ limits: [50, 50] })
  })

  it('follow demand up at once and down slowly', () => {
    const up = withObserved({ ...noDemand, smoothed: 10 }, { seconds: 10, peak: 90, average: 40, deviation: 10 })
    expect(up).toEqual({ peak: 90, average: 40, deviation: 10, smoothed: 50 })
    const down = withObserved(up, { seconds: 10, peak: 0, average: 0, deviation: 0 })
    expect(down.smoothed).toBeCloseTo(48.85)
    expect(withObserved(up, { seconds: 0, peak: 3, average: 0, deviation: 0 })).toEqual({ ...up, peak: 3 })
  })
})

describe('estimate', () => {
  const subject = { verb: 'get', name: '', initialEvents: false, objects: 0, watchers: 0 }
  it.each<[object, number, [number, number, number]]>([
    [{ verb: 'get', objects: 5000 }, 10, [1, 0, 0]],
    [{ verb: 'list', objects: 0 }, 10, [1, 0, 0]],
    [{ verb: 'list', objects: 250 }, 10, [3, 0, 0]],
    [{ verb: 'list', objects: 50_000 }, 10, [10, 0, 0]],
    [{ verb: 'list', objects: 50_000 }, 4, [4, 0, 0]],
    [{ verb: 'list', objects: 50_000, name: 'a' }, 10, [1, 0, 0]],
    [{ verb: 'watch', objects: 500 }, 10, [1, 0, 0]],
    [{ verb: 'watch', objects: 500, initialEvents: true }, 10, [5, 0, 0]],
    [{ verb: 'create', watchers: 9 }, 10, [1, 0, 0]],
    [{ verb: 'create', watchers: 25 }, 10, [1, 3, 5]],
    [{ verb: 'patch', watchers: 2000 }, 10, [1, 10, 100]],
  ])('%j with at most %i', (given, limit, [seats, finalSeats, finalMs]) => {
    expect(estimate({ ...subject, ...given }, limit)).toEqual({ seats, finalSeats, finalMs })
  })

  it('no request has more than a part of its level', () => {
    expect([0, 5, 49, 600].map(seatsOfOne)).toEqual([1, 1, 8, 90])
  })
})

it('the time to stay away grows while many are rejected, and shrinks again', () => {
  const retryAfter = new RetryAfter()
  const seconds: number[] = []
  for (let second = 100; second < 130; second++) {
    for (let i = 0; i < 50; i++) retryAfter.record(second * 1000)
    seconds.push(retryAfter.seconds)
  }
  expect(seconds[0]).toBe(1)
  expect(Math.max(...seconds)).toBeGreaterThanOrEqual(8)
  for (let second = 200; second < 300; second += 40) retryAfter.record(second * 1000)
  expect(retryAfter.seconds).toBeLessThan(Math.max(...seconds))
})

describe('objects that are kept', () => {
  it('of other versions go, and those that somebody has made his stay', () => {
    const wanted = new Set(['exempt'])
    const stored = (name: string, annotation?: string) => ({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name, ...(annotation && { annotations: { 'apf.kubernetes.io/autoupdate-spec': annotation } }) },
      spec: { type: 'Exempt' },
    })
    expect(isObsolete(stored('other', 'true'), wanted)).toBe(true)
    expect(isObsolete(stored('other', 'false'), wanted)).toBe(false)
    expect(isObsolete(stored('other'), wanted)).toBe(false)
    expect(isObsolete(stored('exempt', 'true'), wanted)).toBe(false)
  })

  const wanted = suggestedFlowSchemas[0] as FlowSchema
  const stored = (annotation: string | undefined, generation: number, precedence = 7): FlowSchema => ({
    ...wanted,
    metadata: {
      name: 'probes',
      generation,
      ...(annotation === undefined ? {} : { annotations: { 'apf.kubernetes.io/autoupdate-spec': annotation } }),
    },
    spec: { ...wanted.spec, matchingPrecedence: precedence },
  })
  const precedence = (one: FlowSchema | undefined) => one?.spec.matchingPrecedence

  it.each<[string, FlowSchema, boolean, number | undefined, string | undefined]>([
    ['kept', stored('true', 3), false, 2, 'true'],
    ['kept and right', stored('true', 1, 2), false, undefined, undefined],
    ['not changed since it was made', stored(undefined, 1), false, 2, 'true'],
    ['changed by somebody', stored(undefined, 2), false, 7, 'false'],
    ["somebody's", stored('false', 2), false, undefined, undefined],
    ['mandatory', stored('false', 2), true, 2, 'true'],
  ])('%s', (_, one, isMandatory, expected, annotation) => {
    const result = mended(one, wanted, isMandatory)
    expect(precedence(result)).toBe(expected)
    expect(result?.metadata.annotations?.['apf.kubernetes.io/autoupdate-spec']).toBe(annotation)
  })

  it('say that they are kept, and whether their level is there', () => {
    const one = created(wanted)
    expect(one.metadata.annotations).toEqual({ 'apf.kubernetes.io/autoupdate-spec': 'true' })
    const found = danglingConditions(one, true, 't1')
    expect(found).toEqual([
      {
        type: 'Dangling',
        status: 'False',
        reason: 'Found',
        lastTransitionTime: 't1',
        message: 'This FlowSchema references the PriorityLevelConfiguration object named "exempt" and it exists',
      },
    ])
    const seen = { ...one, status: { conditions: [{ type: 'Mine', status: 'True' }, ...(found ?? [])] } }
    expect(danglingConditions(seen, true, 't2')).toBeUndefined()
    expect(danglingConditions(seen, false, 't2')).toEqual([
      { type: 'Mine', status: 'True' },
      {
        type: 'Dangling',
        status: 'True',
        reason: 'NotFound',
        lastTransitionTime: 't2',
        message:
          'This FlowSchema references the PriorityLevelConfiguration object named "exempt" but there is no such object',
      },
    ])
  })
})
