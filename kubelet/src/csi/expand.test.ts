import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { RpcError } from '../plugins/grpc.ts'
import { expandFailure, failedStatus, grownStatus, growthOf, isLarger } from './expand.ts'

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

  it.each<[string, PersistentVolumeClaim['status'], string]>([
    ['one that did not', { capacity: { storage: '2Gi' } }, 'none'],
    ['one of which nobody tells', { capacity: { storage: '1Gi' } }, 'plain'],
    [
      'one that grows elsewhere still',
      { capacity: { storage: '1Gi' }, allocatedResources: { storage: '2Gi' } },
      'none',
    ],
    ...(
      [
        ['ControllerResizeInProgress', 'none'],
        ['ControllerResizeInfeasible', 'none'],
        ['NodeResizePending', 'told'],
        ['NodeResizeInProgress', 'told'],
        ['NodeResizeInfeasible', 'none'],
      ] as const
    ).map(([state, way]): [string, PersistentVolumeClaim['status'], string] => [
      state,
      { capacity: { storage: '1Gi' }, allocatedResourceStatuses: { storage: state } },
      way,
    ]),
  ])('is for the node, when it is %s: %j: %s', (_, status, way) => {
    expect(growthOf(volume('2Gi'), claim(status))).toBe(way)
  })

  const prefix = 'Expander.NodeExpand failed to expand the volume '
  it.each([
    [new Error('no secret'), `${prefix}: no secret`, true, false, false],
    [new RpcError('Internal', 'broken'), `${prefix}: rpc error: code = Internal desc = broken`, true, false, false],
    [
      new RpcError('Unavailable', 'later'),
      `${prefix}: rpc error: code = Unavailable desc = later`,
      false,
      false,
      false,
    ],
    [
      new RpcError('FailedPrecondition', 'in use'),
      `${prefix}: rpc error: code = FailedPrecondition desc = in use`,
      true,
      true,
      false,
    ],
    [new RpcError('OutOfRange', 'too big'), `${prefix}rpc error: code = OutOfRange desc = too big`, true, false, true],
  ])('fails with %s', (error, message, final, inUse, infeasible) => {
    expect(expandFailure(error)).toEqual({ message, final, inUse, infeasible })
  })

  it('says in the claim why it failed, once', () => {
    const pending = { type: 'FileSystemResizePending', status: 'True' }
    const failed = {
      type: 'NodeResizeError',
      status: 'True',
      lastTransitionTime: '1970-01-01T00:00:00Z',
      message: 'failed to expand pvc with why',
    }
    expect(failedStatus(claim({ conditions: [pending] }), 'why', false, 0)).toEqual({ conditions: [pending, failed] })
    const before = { ...failed, message: 'failed to expand pvc with something else' }
    expect(failedStatus(claim({ conditions: [before] }), 'why', true, 0)).toEqual({
      conditions: [before],
      allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' },
    })
  })

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
