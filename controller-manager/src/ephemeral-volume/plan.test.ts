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

  it('is for that sort of volume alone', () => {
    expect(planVolume(pod, { name: 'v', emptyDir: {} }, undefined)).toBe(undefined)
  })
})
