import { describe, expect, it } from 'vitest'
import type { StatefulSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { isStale, withOwner } from './claims.ts'

const set = (whenDeleted: string, whenScaled: string): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', uid: 'set' },
  spec: {
    replicas: 1,
    serviceName: 'db',
    selector: {},
    template: { spec: { containers: [] } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
  },
})
const pod = (ordinal: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `db-${String(ordinal)}`, uid: `pod-${String(ordinal)}` },
  spec: { containers: [] },
})
const claim = (...ownerReferences: OwnerReference[]): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
  spec: {},
})
const controls = { controller: true, blockOwnerDeletion: true }
const bySet: OwnerReference = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'set', ...controls }
const byPod: OwnerReference = { apiVersion: 'v1', kind: 'Pod', name: 'db-1', uid: 'pod-1', ...controls }
const byPodOf = (ordinal: number): OwnerReference => ({
  ...byPod,
  name: `db-${String(ordinal)}`,
  uid: `pod-${String(ordinal)}`,
})
const loose = { apiVersion: 'v1', kind: 'Pod', name: 'db-1', uid: 'pod-1' }
const earlierSet = { ...bySet, uid: 'earlier' }
const earlierPod = { ...byPod, uid: 'earlier' }
const stranger: OwnerReference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }
const master: OwnerReference = { apiVersion: 'v1', kind: 'Thing', name: 'x', uid: 'x', controller: true }

describe('who owns a claim', () => {
  it.each<[string, StatefulSet, number, OwnerReference[], OwnerReference[] | undefined]>([
    ['nobody, and it stays', set('Retain', 'Retain'), 0, [], undefined],
    ['nobody any more', set('Retain', 'Retain'), 0, [bySet], []],
    ['the set, with which it goes', set('Delete', 'Retain'), 0, [], [bySet]],
    ['the set still, when its Pod is scaled away', set('Delete', 'Retain'), 1, [bySet], undefined],
    ['the Pod that is scaled away', set('Retain', 'Delete'), 1, [], [byPod]],
    ['that Pod instead of the set', set('Delete', 'Delete'), 1, [bySet], [byPod]],
    ['the set again', set('Delete', 'Delete'), 0, [byPodOf(0)], [bySet]],
    ['others beside', set('Delete', 'Retain'), 0, [stranger], [stranger, bySet]],
    ['whoever controls it', set('Delete', 'Retain'), 0, [master], undefined],
    ['whoever controls it, alone', set('Delete', 'Retain'), 0, [master, bySet], [master]],
    ['whoever controls it, and no longer the set', set('Retain', 'Retain'), 0, [bySet, master], [master]],
    ['the Pod, which did not control it', set('Retain', 'Delete'), 1, [loose], [byPod]],
    ['nobody when its Pod is wanted again', set('Retain', 'Delete'), 0, [], undefined],
    ['not the Pod when the policy changes', set('Retain', 'Retain'), 1, [byPod], []],
    [
      'an earlier set of the name, which the collector looks after',
      set('Delete', 'Delete'),
      0,
      [earlierSet],
      undefined,
    ],
    [
      'an earlier Pod of the name, which the collector looks after',
      set('Delete', 'Delete'),
      1,
      [earlierPod],
      undefined,
    ],
  ])('%s', (_, of, ordinal, before, after) => {
    const changed = withOwner(of, pod(ordinal), claim(...before))
    expect(changed && (changed.metadata.ownerReferences ?? [])).toEqual(after)
  })

  it('an earlier Pod of the name', () => {
    const again = { ...pod(1), metadata: { name: 'db-1' } }
    expect([isStale(again, claim(byPod)), isStale(pod(1), claim(byPod)), isStale(again, claim(bySet))]).toEqual([
      true,
      false,
      false,
    ])
  })
})
