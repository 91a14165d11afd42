import { describe, expect, it } from 'vitest'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { claim } from './claim.ts'

const owner: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'a', namespace: 'n', uid: 'u1' },
}
const pod = (name: string, app: string, controllerUid?: string, deleted = false): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    labels: { app },
    ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    ...(controllerUid
      ? {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x', uid: controllerUid, controller: true },
          ],
        }
      : {}),
  },
})
const matches = (labels: Record<string, string>): boolean => labels.app === 'web'
const names = (objects: KubeObject[]): string[] => objects.map((object) => object.metadata.name ?? '')

describe('claim', () => {
  const candidates = [
    pod('owned', 'web', 'u1'),
    pod('relabelled', 'other', 'u1'),
    pod('orphan', 'web'),
    pod('dying-orphan', 'web', undefined, true),
    pod('foreign', 'web', 'u2'),
    pod('unrelated', 'other'),
  ]

  it('keeps, adopts and releases', () => {
    const result = claim(owner, matches, candidates)
    expect(names(result.owned)).toEqual(['owned'])
    expect(names(result.adopt)).toEqual(['orphan'])
    expect(names(result.release)).toEqual(['relabelled'])
  })

  it('changes nothing for an owner on its way out', () => {
    const going = { ...owner, metadata: { ...owner.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    const result = claim(going, matches, candidates)
    expect(names(result.owned)).toEqual(['owned'])
    expect(result.adopt).toEqual([])
    expect(result.release).toEqual([])
  })
})
