import { mandatoryPriorityLevels } from '@kubets/shared/api/kinds/flowcontrol/bootstrap.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '@kubets/shared/api/types/flowcontrol-v1.ts'
import { describe, expect, it } from 'vitest'
import { dumpPriorityLevels, dumpQueues, dumpRequests } from './dump.ts'
import { Levels } from './levels.ts'
import type { Digest } from './match.ts'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'
const small: PriorityLevelConfiguration = {
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: { name: 'small' },
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: 1,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 2, handSize: 1, queueLengthLimit: 5 } },
    },
  },
}
const schema: FlowSchema = {
  apiVersion,
  kind: 'FlowSchema',
  metadata: { name: 'people' },
  spec: {
    priorityLevelConfiguration: { name: 'small' },
    matchingPrecedence: 5,
    distinguisherMethod: { type: 'ByUser' },
    rules: [],
  },
}
const digest = (name: string): Digest => ({
  user: { name, groups: [] },
  verb: 'list',
  isResourceRequest: true,
  apiGroup: 'apps',
  apiVersion: 'v1',
  resource: 'deployments',
  subresource: '',
  namespace: 'shop',
  name: '',
  path: '/apis/apps/v1/namespaces/shop/deployments',
})
const noon = Date.UTC(2026, 0, 2, 12)
/** The server has run for as long. */
const uptime = 90_000

/** One executes with all seats, two wait behind it, and one is of the exempt level. */
function busy(): Levels {
  const levels = new Levels(1)
  levels.configure([...mandatoryPriorityLevels, small], [schema], uptime)
  const people = levels.schemas.find(({ name }) => name === 'people')
  const exempt = levels.schemas.find(({ name }) => name === 'exempt')
  if (people === undefined || exempt === undefined) throw new Error('no schema')
  const work = { seats: 1, finalSeats: 2, finalMs: 50 }
  levels.arrive(people, digest('ann'), work, uptime)
  levels.arrive(people, digest('ann'), { ...work, seats: 3 }, uptime + 120)
  levels.arrive(people, digest('ann'), { ...work, seats: 1 }, uptime + 250)
  levels.arrive(exempt, digest('root'), { seats: 1, finalSeats: 0, finalMs: 0 }, uptime + 300)
  people.counts.dispatched = 1
  people.counts.rejected['time-out'] = 2
  return levels
}

describe('the pages about priority and fairness', () => {
  it('have a row a level', () => {
    expect(dumpPriorityLevels(busy())).toBe(
      [
        'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
        'catch-all,         0,            true,   false,       0,               0,                 0,                  0,                0,                0',
        'exempt,            0,            false,  false,       0,               1,                 0,                  0,                0,                0',
        'small,             1,            false,  false,       2,               1,                 1,                  0,                2,                0',
        '',
      ].join('\n'),
    )
  })

  it('have a row a queue', () => {
    const [head, ...rows] = dumpQueues(busy()).trimEnd().split('\n')
    expect(head?.split(/, +/)).toEqual([
      ...['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR'],
      ...['InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum'],
    ])
    expect(rows.map((row) => row.split(/, +/)).sort((a, b) => Number(a[2]) - Number(b[2]))).toEqual([
      ['small', expect.stringMatching(/^[01]$/), '0', '0', '0', '0.00000000ss', '0', '0', '0.00000000ss'],
      ['small', expect.stringMatching(/^[01]$/), '2', '1', '1', '0.10300000ss', '4', '5', '0.21200000ss'],
    ])
  })

  it('have a row a request, with what it asks for on request', () => {
    const rows = (details: boolean) =>
      dumpRequests(busy(), details, noon - uptime)
        .trimEnd()
        .split('\n')
        .map((row) => row.split(/, */))
    const queue = expect.stringMatching(/^[01]$/) as unknown as string
    const [head, ...plain] = rows(false)
    expect(head?.slice(4)).toEqual([
      ...['FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency', 'StartTime'],
    ])
    expect(plain).toEqual([
      ['exempt', 'exempt', '-1', '-1', '', '2026-01-02T12:00:00.3Z', '1', '0', '0s', '2026-01-02T12:00:00.3Z'],
      ['small', 'people', queue, '0', 'ann', '2026-01-02T12:00:00.12Z', '3', '2', '50ms', '0001-01-01T00:00:00Z'],
      ['small', 'people', queue, '1', 'ann', '2026-01-02T12:00:00.25Z', '1', '2', '50ms', '0001-01-01T00:00:00Z'],
      ['small', 'people', queue, '-1', 'ann', '2026-01-02T12:00:00Z', '1', '2', '50ms', '2026-01-02T12:00:00Z'],
    ])
    expect(rows(true).map((row) => row.slice(10))).toEqual([
      ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'],
      ['root', 'list', '/apis/apps/v1/namespaces/shop/deployments', 'shop', '', 'apps/v1', 'deployments', ''],
      ...[1, 2, 3].map(() => [
        ...['ann', 'list', '/apis/apps/v1/namespaces/shop/deployments', 'shop', '', 'apps/v1', 'deployments', ''],
      ]),
    ])
  })
})
