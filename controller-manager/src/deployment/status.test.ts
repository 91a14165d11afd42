import { describe, expect, it } from 'vitest'
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
  ReplicaSetStatus,
} from '@kubets/shared/api/types/apps-v1.ts'
import { countStatus, deadlineCheckIn, rolloutStatus } from './status.ts'

const now = Date.parse('2026-01-01T01:00:00Z')
const deadline = 60

const deployment = (status: DeploymentStatus = {}, spec: Partial<Deployment['spec']> = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', generation: 2 },
  spec: {
    replicas: 2,
    progressDeadlineSeconds: deadline,
    selector: {},
    template: { spec: { containers: [] } },
    ...spec,
  },
  status,
})
const set = (name: string, replicas: number, status: Partial<ReplicaSetStatus> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name },
  spec: { replicas, selector: {} },
  status: { replicas, ...status },
})
const well = (replicas: number) => ({ readyReplicas: replicas, availableReplicas: replicas })
const progressing = (status: string, reason: string, since: string, updated = since): DeploymentCondition => ({
  type: 'Progressing',
  status,
  reason,
  message: '',
  lastTransitionTime: since,
  lastUpdateTime: updated,
})
const early = '2026-01-01T00:00:00Z'
const inTime = '2026-01-01T00:59:00Z'
const tooLate = '2026-01-01T00:58:59Z'

// pkg/controller/deployment/progress_test.go TestSyncRolloutStatus
describe('Progressing', () => {
  const shown = (of: Deployment, newSet: ReplicaSet | undefined, ...old: ReplicaSet[]): string | undefined => {
    const status = rolloutStatus(of, newSet ? [...old, newSet] : old, newSet, now)
    const found = status.conditions?.find(({ type }) => type === 'Progressing')
    return found && [found.status, found.reason, found.lastTransitionTime, found.lastUpdateTime].join(' ')
  }
  const moving = progressing('True', 'ReplicaSetUpdated', early, inTime)
  const [old, half, whole] = [set('old', 1, well(1)), set('new', 1, well(1)), set('new', 2, well(2))]
  const nowText = '2026-01-01T01:00:00Z'
  const counts = { replicas: 2, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 }

  it.each<[string, Deployment, ReplicaSet | undefined, ReplicaSet[], string | undefined]>([
    [
      'is not there without a deadline',
      deployment({ conditions: [moving] }, { progressDeadlineSeconds: 2 ** 31 - 1 }),
      half,
      [old],
      undefined,
    ],
    [
      'is renewed by progress, and true since the same time',
      deployment({ conditions: [moving] }),
      half,
      [old],
      `True ReplicaSetUpdated ${early} ${nowText}`,
    ],
    [
      'is true again by progress after the deadline',
      deployment({ conditions: [progressing('False', 'ProgressDeadlineExceeded', early)] }),
      half,
      [old],
      `True ReplicaSetUpdated ${nowText} ${nowText}`,
    ],
    [
      'stays within the deadline',
      deployment({ ...counts, conditions: [moving] }),
      half,
      [old],
      `True ReplicaSetUpdated ${early} ${inTime}`,
    ],
    [
      'is false after the deadline',
      deployment({ ...counts, conditions: [progressing('True', 'ReplicaSetUpdated', early, tooLate)] }),
      half,
      [old],
      `False ProgressDeadlineExceeded ${nowText} ${nowText}`,
    ],
    [
      'is false but once',
      deployment({ ...counts, conditions: [progressing('False', 'ProgressDeadlineExceeded', early)] }),
      half,
      [old],
      `False ProgressDeadlineExceeded ${early} ${early}`,
    ],
    [
      'is for the pause to time out too',
      deployment({ ...counts, conditions: [progressing('Unknown', 'DeploymentResumed', early, tooLate)] }),
      half,
      [old],
      `False ProgressDeadlineExceeded ${nowText} ${nowText}`,
    ],
    [
      'is true at the end',
      deployment({ ...counts, conditions: [moving] }),
      whole,
      [set('old', 0)],
      `True NewReplicaSetAvailable ${early} ${nowText}`,
    ],
    [
      'stays true when Pods are lost later',
      deployment({ conditions: [progressing('True', 'NewReplicaSetAvailable', early)] }),
      set('new', 2, well(1)),
      [],
      `True NewReplicaSetAvailable ${early} ${early}`,
    ],
    [
      'does not begin again when Pods are lost later, however long',
      deployment({
        replicas: 2,
        updatedReplicas: 2,
        conditions: [progressing('True', 'NewReplicaSetAvailable', early)],
      }),
      set('new', 2),
      [],
      `True NewReplicaSetAvailable ${early} ${early}`,
    ],
    ['is not there before anybody saw a new set', deployment(counts), undefined, [set('old', 2, well(2))], undefined],
  ])('%s', (_, of, newSet, others, wanted) => expect(shown(of, newSet, ...others)).toBe(wanted))
})

// pkg/controller/deployment/progress_test.go TestRequeueStuckDeployment
describe('a rollout that stands still', () => {
  it.each<[string, DeploymentStatus, number | undefined]>([
    ['is not looked at without a condition', {}, undefined],
    ['nor after its deadline', { conditions: [progressing('False', 'ProgressDeadlineExceeded', early)] }, undefined],
    ['nor at its end', { conditions: [progressing('True', 'NewReplicaSetAvailable', early)] }, undefined],
    [
      'is at its deadline',
      { conditions: [progressing('True', 'ReplicaSetUpdated', early, '2026-01-01T00:59:30Z')] },
      31_000,
    ],
    ['is at once when that has passed', { conditions: [progressing('True', 'ReplicaSetUpdated', early)] }, 1000],
    ['also after a pause', { conditions: [progressing('Unknown', 'DeploymentResumed', inTime)] }, 1000],
  ])('%s', (_, status, wanted) => expect(deadlineCheckIn(deployment(status), status, now)).toBe(wanted))
})

describe('ReplicaFailure', () => {
  const failure = (message: string) => ({
    conditions: [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime: early },
    ],
  })
  const shown = (of: Deployment, newSet: ReplicaSet, ...old: ReplicaSet[]) =>
    rolloutStatus(of, [...old, newSet], newSet, now).conditions?.filter(({ type }) => type === 'ReplicaFailure')
  const seen = (message: string) => [{ ...failure(message).conditions[0], lastUpdateTime: early }]

  it('is that of the new set before that of an old one', () => {
    expect(shown(deployment(), set('new', 1, failure('new')), set('old', 1, failure('old')))).toEqual(seen('new'))
    expect(shown(deployment(), set('new', 1), set('old', 1, failure('old')))).toEqual(seen('old'))
  })
  it('goes when no set has one', () => {
    expect(shown(deployment({ conditions: failure('gone').conditions }), set('new', 1))).toEqual([])
  })
})

// pkg/controller/deployment/util/deployment_util_test.go TestGetTerminatingReplicaCountForReplicaSets
describe('terminatingReplicas', () => {
  const seen = (terminatingReplicas: number) => ({ observedGeneration: 1, terminatingReplicas })
  it.each<[string, ReplicaSet[], number | undefined]>([
    ['of no set', [], 0],
    ['of all sets together', [set('a', 1, seen(2)), set('b', 1, seen(3))], 5],
    ['does not wait for a set that was just made', [set('a', 1, seen(2)), set('b', 1)], 2],
    ['nor for one without a status', [set('a', 1, seen(2)), { ...set('b', 1), status: undefined }], 2],
    [
      'is not known where a controller does not count',
      [set('a', 1, seen(2)), set('b', 1, { observedGeneration: 1 })],
      undefined,
    ],
  ])('%s', (_, sets, wanted) => {
    expect(countStatus(deployment(), sets, undefined, now).terminatingReplicas).toBe(wanted)
  })
})

describe('the counts', () => {
  const shown = (of: Deployment, ...sets: ReplicaSet[]) => {
    const { conditions, ...status } = countStatus(of, sets, sets[0], now)
    return { ...status, available: conditions?.find(({ type }) => type === 'Available')?.status }
  }
  it('are of what is there, and unavailable is what should be there and is not', () => {
    expect(shown(deployment({ collisionCount: 3 }), set('new', 2, { ...well(1), replicas: 1 }), set('old', 1))).toEqual(
      {
        observedGeneration: 2,
        replicas: 2,
        updatedReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        unavailableReplicas: 2,
        terminatingReplicas: 0,
        collisionCount: 3,
        available: 'False',
      },
    )
  })
  it('have none unavailable when there are more than there should be', () => {
    expect(shown(deployment(), set('new', 1, well(3)))).toMatchObject({ unavailableReplicas: 0, available: 'True' })
  })
})
