import { describe, expect, it } from 'vitest'
import type { Pod, ReplicationController } from '@kubets/shared/api/types/core-v1.ts'
import { planStatus } from '../replicaset/plan.ts'
import { replicationControllerKind as kind } from './kind.ts'

const template = { metadata: { labels: { app: 'web', tier: 'x' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const owner = (
  spec: ReplicationController['spec'],
  more: Partial<ReplicationController> = {},
): ReplicationController => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'old', generation: 7 },
  spec,
  ...more,
})

describe('what a ReplicationController selects', () => {
  const cases: [name: string, selector: Record<string, string> | undefined, labels: Record<string, string>, boolean][] =
    [
      ['all of its labels', { app: 'web', tier: 'x' }, { app: 'web', tier: 'x' }, true],
      ['and others beside', { app: 'web' }, { app: 'web', more: 'y' }, true],
      ['not one of them alone', { app: 'web', tier: 'x' }, { app: 'web' }, false],
      ['not another value', { app: 'web' }, { app: 'db' }, false],
      ['nothing when it is empty, unlike a ReplicaSet', {}, { app: 'web' }, false],
      ['nothing when it is not there', undefined, { app: 'web' }, false],
    ]
  it.each(cases)('%s', (_, selector, labels, want) =>
    expect(kind.matcher(owner({ selector, template }))(labels)).toBe(want),
  )
})

describe('what the loop sees of it', () => {
  it('is all that a ReplicaSet has', () => {
    const status = { replicas: 2, observedGeneration: 6 }
    expect(kind.view(owner({ replicas: 3, minReadySeconds: 5, template }, { status }))).toEqual({
      generation: 7,
      deleting: false,
      replicas: 3,
      minReadySeconds: 5,
      templateLabels: { app: 'web', tier: 'x' },
      status,
      countsTerminating: false,
    })
  })

  it('is one Pod and no status where it says nothing', () => {
    expect(kind.view(owner({ template }))).toMatchObject({ replicas: 1, minReadySeconds: 0, status: { replicas: 0 } })
  })

  it('is that it goes', () => {
    const metadata = { name: 'old', deletionTimestamp: '2026-01-01T00:00:00Z' }
    expect(kind.view(owner({ template }, { metadata }))).toMatchObject({ deleting: true, generation: 0 })
  })

  it('is an empty Pod where it has no template, which the server refuses', () => {
    expect(kind.template(owner({}))).toEqual({ spec: { containers: [] } })
  })
})

describe('its status', () => {
  const going: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels: { app: 'web', tier: 'x' }, deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [] },
  }
  const seen = owner({ replicas: 0, template }, { status: { replicas: 0, observedGeneration: 7 } })

  it('has no count of terminating Pods, so that one more is no change', () => {
    expect(planStatus(kind.view(seen), [going], undefined, 0)).toEqual({
      status: { replicas: 0, observedGeneration: 7 },
      changed: false,
    })
  })

  it('says what failed, as that of a ReplicaSet', () => {
    const { status } = planStatus(kind.view(owner({ replicas: 1, template })), [], 'quota exceeded', 0)
    expect(kind.withStatus(seen, status).status?.conditions).toMatchObject([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota exceeded' },
    ])
  })
})

it('speaks under a name of its own', () => {
  expect([kind.name, kind.component]).toEqual(['replicationcontroller-controller', 'replication-controller'])
})
