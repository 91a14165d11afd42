import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type {
  DeviceTaint,
  DeviceToleration,
  ResourceClaim,
  ResourceSlice,
} from '@kubets/shared/api/types/resource-v1.ts'
import { describe, expect, it } from 'vitest'
import { evictionTime, isTainted } from './plan.ts'

const added = Date.parse('2026-01-01T12:00:00Z')
const taint = (more: Partial<DeviceTaint> = {}): DeviceTaint => ({
  key: 'broken',
  effect: 'NoExecute',
  timeAdded: '2026-01-01T12:00:00Z',
  ...more,
})
const slice = (name: string, taints: DeviceTaint[], generation = 1): ResourceSlice => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  metadata: { name },
  spec: {
    driver: 'd',
    nodeName: 'n',
    pool: { name: 'pool', generation, resourceSliceCount: 1 },
    devices: [{ name: 'gpu', taints }, { name: 'spare' }],
  },
})
const claim = (
  tolerations: DeviceToleration[] = [],
  { reserved = 'uid', device = 'gpu', owner = '' } = {},
): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: {
    name: 'c',
    namespace: 'ns',
    ...(owner ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: owner, controller: true }] } : {}),
  },
  spec: { devices: { requests: [] } },
  status: {
    allocation: { devices: { results: [{ request: 'r', driver: 'd', pool: 'pool', device, tolerations }] } },
    reservedFor: [{ resource: 'pods', name: 'p', uid: reserved }],
  },
})
const pod = (spec: Partial<Pod['spec']> = {}, more: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'uid', ...more },
  spec: { containers: [], nodeName: 'n', resourceClaims: [{ name: 'mine', resourceClaimName: 'c' }], ...spec },
})
const made = {
  ...pod({ resourceClaims: [{ name: 'mine', resourceClaimTemplateName: 't' }] }),
  status: { resourceClaimStatuses: [{ name: 'mine', resourceClaimName: 'c' }] },
}
const tolerated = (more: Partial<DeviceToleration> = {}): DeviceToleration => ({
  operator: 'Exists',
  effect: 'NoExecute',
  ...more,
})
const bad = [slice('s', [taint()])]

describe('the end of a Pod with tainted devices', () => {
  it.each<[string, Pod, ResourceClaim | undefined, ResourceSlice[], number | undefined]>([
    ['is when the taint came', pod(), claim(), bad, added],
    ['is that of a claim that was made for it', made, claim([], { owner: 'uid' }), bad, added],
    ['is not that of a claim that was made for another', made, claim([], { owner: 'other' }), bad, undefined],
    ['is not that of a claim that others may use', pod(), claim([], { reserved: 'other' }), bad, undefined],
    ['is not that of a claim that is not there', pod(), undefined, bad, undefined],
    ['is not before it has a node', pod({ nodeName: '' }), claim(), bad, undefined],
    ['is not told twice', pod({}, { deletionTimestamp: '2026-01-01T12:00:00Z' }), claim(), bad, undefined],
    ['is not for another device', pod(), claim([], { device: 'spare' }), bad, undefined],
    [
      'is not for what keeps only new ones away',
      pod(),
      claim(),
      [slice('s', [taint({ effect: 'NoSchedule' })])],
      undefined,
    ],
    ['is not where the pool has it without by now', pod(), claim(), [...bad, slice('new', [], 2)], undefined],
    ['is not where the device is gone', pod(), claim(), [], undefined],
    ['never comes when it is tolerated', pod(), claim([tolerated()]), bad, undefined],
    ['is not put off by tolerating other effects', pod(), claim([tolerated({ effect: 'NoSchedule' })]), bad, added],
    ['is not put off by tolerating any effect', pod(), claim([{ operator: 'Exists' }]), bad, added],
    ['is put off', pod(), claim([tolerated({ tolerationSeconds: 60 })]), bad, added + 60_000],
    [
      'is put off by the shortest',
      pod(),
      claim([tolerated({ tolerationSeconds: 60 }), tolerated({ tolerationSeconds: 5 })]),
      bad,
      added + 5000,
    ],
    ['is not put off by less than nothing', pod(), claim([tolerated({ tolerationSeconds: -5 })]), bad, added],
    [
      'is the first of several',
      pod(),
      claim([tolerated({ key: 'broken', tolerationSeconds: 60 })]),
      [slice('s', [taint(), taint({ key: 'hot', timeAdded: '2026-01-01T12:00:30Z' })])],
      added + 30_000,
    ],
  ])('%s', (_, of, held, slices, want) => {
    expect(evictionTime(of, { claim: () => held, slices: () => slices })).toBe(want)
  })

  it.each([
    [[taint()], true],
    [[taint({ effect: 'NoSchedule' }), taint({ effect: 'None' })], false],
    [[], false],
  ])('comes of a slice with %j: %s', (taints, want) => expect(isTainted(slice('s', taints))).toBe(want))
})
