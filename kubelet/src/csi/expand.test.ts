import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { grownStatus, isLarger } from './expand.ts'

const volume = (storage: string): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv' },
  spec: { capacity: { storage } },
})
const claim = (status: PersistentVolumeClaim['status']): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c' },
  spec: {},
  ...(status && { status }),
})

describe('a volume that grew', () => {
  it.each([
    ['2Gi', { capacity: { storage: '1Gi' } }, true],
    ['1Gi', { capacity: { storage: '1024Mi' } }, false],
    ['1Gi', { capacity: { storage: '2Gi' } }, false],
    ['2Gi', {}, false],
  ])('to %s is more than its claim knows of, %j: %s', (storage, status, expected) =>
    expect(isLarger(volume(storage), claim(status))).toBe(expected),
  )

  it('leaves nothing of its growth in the claim', () => {
    const kept = { type: 'ModifyingVolume', status: 'True' }
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }, kept]
    const allocatedResourceStatuses = { storage: 'NodeResizePending' }
    expect(grownStatus(volume('2Gi'), claim({ conditions, allocatedResourceStatuses }))).toEqual({
      capacity: { storage: '2Gi' },
      conditions: [kept],
      allocatedResourceStatuses: { storage: null },
    })
    expect(grownStatus(volume('2Gi'), claim({}))).toEqual({ capacity: { storage: '2Gi' }, conditions: null })
  })
})
