import type { PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { planVolume } from './plan.ts'

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'n', name: 'p', uid: 'u' },
  spec: { containers: [] },
}
const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const volume: Volume = {
  name: 'scratch',
  ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec } },
}
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true, blockOwnerDeletion: true }
const claim = (uid: string): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace: 'n', name: 'p-scratch', ownerReferences: [{ ...owner, uid }] },
  spec,
})

describe("the claim of a Pod's ephemeral volume", () => {
  it('is made of its template, and goes with the Pod', () => {
    expect(planVolume(pod, volume, undefined)).toEqual({
      create: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          namespace: 'n',
          name: 'p-scratch',
          labels: { a: 'b' },
          annotations: { c: 'd' },
          ownerReferences: [owner],
        },
        spec,
      },
    })
  })

  it('is made once', () => {
    expect(planVolume(pod, volume, claim('u'))).toBe(undefined)
  })

  it("is not another's of the same name", () => {
    const problem = 'PVC n/p-scratch was not created for pod n/p (pod is not owner)'
    expect(planVolume(pod, volume, claim('other'))).toEqual({ problem })
  })

  const named = (name: string, claimed: string): PersistentVolumeClaim => ({
    ...claim('u'),
    metadata: { namespace: 'n', name: claimed, ownerReferences: [{ ...owner, name }] },
  })
  it.each<[string, Volume, PersistentVolumeClaim | undefined, 'create' | 'problem' | undefined]>([
    ['is missing', volume, undefined, 'create'],
    ['is there', volume, claim('u'), undefined],
    [
      'is there, and goes',
      volume,
      { ...claim('u'), metadata: { ...claim('u').metadata, deletionTimestamp: 'x' } },
      undefined,
    ],
    ["is a user's own", volume, { ...claim('u'), metadata: { namespace: 'n', name: 'p-scratch' } }, 'problem'],
    [
      'is owned, but not controlled by it',
      volume,
      {
        ...claim('u'),
        metadata: { namespace: 'n', name: 'p-scratch', ownerReferences: [{ ...owner, controller: false }] },
      },
      'problem',
    ],
    ['is that of a Pod that had its name before', volume, claim('earlier'), 'problem'],
    ['is its own under whatever name it bears', volume, named('renamed', 'p-scratch'), undefined],
    ['is of no template', { name: 'scratch', ephemeral: {} } as Volume, undefined, undefined],
    ['is a claim that it names', { name: 'scratch', persistentVolumeClaim: { claimName: 'c' } }, undefined, undefined],
  ])('%s', (_, of, found, want) => {
    const planned = planVolume(pod, of, found)
    expect(planned && Object.keys(planned)[0]).toBe(want)
  })

  it('has neither labels nor annotations where the template has none', () => {
    const plain: Volume = { name: 'v', ephemeral: { volumeClaimTemplate: { spec } } }
    expect(planVolume(pod, plain, undefined)).toMatchObject({
      create: { metadata: { name: 'p-v', labels: undefined, annotations: undefined } },
    })
  })

  it('is for that sort of volume alone', () => {
    expect(planVolume(pod, { name: 'v', emptyDir: {} }, undefined)).toBe(undefined)
  })
})
