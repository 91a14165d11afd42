import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { hasGrown, plan } from './plan.ts'

const claim = (wanted: string, has?: string): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'n', uid: 'u' },
  spec: { volumeName: 'v', resources: { requests: { storage: wanted } } },
  status: { phase: 'Bound', capacity: has === undefined ? undefined : { storage: has } },
})
const volume = (source: object, uid = 'u'): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v' },
  spec: { claimRef: { namespace: 'n', name: 'c', uid }, ...source },
})
const csi = { csi: { driver: 'csi.example.com', volumeHandle: 'h' } }
const external = 'waiting for an external controller to expand this PVC'

describe('who makes a volume larger', () => {
  it.each<[string, PersistentVolumeClaim, object, object | undefined]>([
    ['nobody, it is as large as was asked for', claim('1Gi', '1Gi'), csi, undefined],
    ['nobody, it is larger', claim('1Gi', '2Gi'), csi, undefined],
    ['nobody, the same in other words', claim('1024Mi', '1Gi'), csi, undefined],
    ['the driver’s resizer', claim('2Gi', '1Gi'), csi, { message: external }],
    [
      'somebody else, for what Kubernetes itself cannot',
      claim('2Gi', '1Gi'),
      { hostPath: { path: '/' } },
      { message: external },
    ],
    ['one whose size is not known yet', claim('2Gi'), csi, { message: external }],
    [
      'the driver that took over',
      claim('2Gi', '1Gi'),
      { awsElasticBlockStore: { volumeID: 'v' } },
      {
        message: 'CSI migration enabled for kubernetes.io/aws-ebs; waiting for external resizer to expand the pvc',
        resizer: 'ebs.csi.aws.com',
      },
    ],
  ])('%s', (_name, of, source, expected) => {
    expect(plan(of, volume(source))).toEqual(expected)
  })

  it('is an error for a volume of another claim', () => {
    expect(() => plan(claim('2Gi', '1Gi'), volume(csi, 'other'))).toThrow(
      'persistent Volume is not bound to PVC being updated : n/c',
    )
  })

  it.each([
    [claim('1Gi', '1Gi'), claim('2Gi', '1Gi'), true],
    [claim('2Gi', '1Gi'), claim('2Gi', '2Gi'), true],
    [claim('2Gi', '1Gi'), claim('1Gi', '1Gi'), false],
    [claim('2Gi', '1Gi'), claim('2Gi', '1Gi'), false],
  ])('is looked for when a claim grows', (old, now, looks) => {
    expect(hasGrown(old, now)).toBe(looks)
  })
})
