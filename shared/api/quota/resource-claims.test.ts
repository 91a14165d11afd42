import { describe, expect, it } from 'vitest'
import type { Pod } from '../types/core-v1.ts'
import type { DeviceClass, DeviceRequest, ResourceClaim } from '../types/resource-v1.ts'
import { listOf } from './amounts.ts'
import { evaluatorOf } from './evaluators.ts'
import { noDevices, type Devices } from './resource-claims.ts'

const now = Date.parse('2026-01-01T00:01:00Z')
const annotation = 'resource.kubernetes.io/extended-resource-claim'
const implicit = (name: string): string => `deviceclass.resource.kubernetes.io/${name}`

const gpus = (count = 1, more: object = {}): DeviceRequest => ({
  name: 'r',
  exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count, ...more },
})

interface Shape {
  name?: string
  owner?: string
  kind?: string
  marked?: boolean
  made?: string
}
const claim = (
  requests: DeviceRequest[],
  { name = 'claim', owner, kind = 'Pod', marked = owner !== undefined, made }: Shape = {},
): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: {
    name,
    namespace: 'n',
    ...(made ? { creationTimestamp: made } : {}),
    ...(marked ? { annotations: { [annotation]: 'true' } } : {}),
    ...(owner
      ? { ownerReferences: [{ apiVersion: 'v1', kind, name: owner, uid: `${owner}-uid`, controller: true }] }
      : {}),
  },
  spec: { devices: { requests } },
})

const pod = (name: string, requests: Record<string, string>, claimName?: string, phase = 'Pending'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', uid: `${name}-uid` },
  spec: { containers: [{ name: 'c', resources: { requests } }] },
  status: {
    phase,
    ...(claimName ? { extendedResourceClaimStatus: { resourceClaimName: claimName, requestMappings: [] } } : {}),
  },
})

const gpuClass: DeviceClass = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'DeviceClass',
  metadata: { name: 'gpu' },
  spec: { extendedResourceName: 'example.com/gpu' },
}
const plainClass: DeviceClass = { ...gpuClass, metadata: { name: 'plain' }, spec: {} }

const beside = (pods: Pod[] = [], claims: ResourceClaim[] = []): Devices => ({
  classes: () => [plainClass, gpuClass],
  pod: (_, name) => pods.find(({ metadata }) => metadata.name === name),
  claims: () => claims,
})

const used = (of: ResourceClaim, devices: Devices): Record<string, string> =>
  listOf(evaluatorOf('resource.k8s.io', 'resourceclaims', devices)?.usage(of, now) ?? new Map())

const ofGpu = (devices: number, asked: number, named: number): Record<string, string> => ({
  'count/resourceclaims.resource.k8s.io': '1',
  'gpu.deviceclass.resource.k8s.io/devices': `${devices}`,
  ...(asked > 0 ? { [`requests.${implicit('gpu')}`]: `${asked}` } : {}),
  ...(named > 0 ? { 'requests.example.com/gpu': `${named}` } : {}),
})

describe('a claim for devices uses', () => {
  const asks = (requests: Record<string, string>, claimName?: string): Pod => pod('p', requests, claimName)
  const made = claim([gpus(2)], { owner: 'p' })
  const before = claim([], { name: 'z', owner: 'p', made: '2026-01-01T00:00:00Z' })
  const cases: [what: string, got: Record<string, string>, want: Record<string, string>][] = [
    ['devices of a class nobody knows', used(claim([gpus()]), noDevices), ofGpu(1, 1, 0)],
    ['devices under the name of the class, too', used(claim([gpus(5)]), beside()), ofGpu(5, 5, 5)],
    ['the sum of its requests', used(claim([gpus(2), gpus(3)]), beside()), ofGpu(5, 5, 5)],
    ['all there may be', used(claim([gpus(1, { allocationMode: 'All' })]), beside()), ofGpu(32, 32, 32)],
    ['none in a mode to come', used(claim([gpus(1, { allocationMode: 'Future' })]), beside()), ofGpu(0, 0, 0)],
    ['no less for an administrator', used(claim([gpus(1, { adminAccess: true })]), beside()), ofGpu(1, 1, 1)],
    [
      'of alternatives the largest of each class',
      used(
        claim([
          gpus(2),
          {
            name: 'b',
            firstAvailable: [
              { name: 'x', deviceClassName: 'gpu', count: 3 },
              { name: 'y', deviceClassName: 'gpu' },
              { name: 'z', deviceClassName: 'iron', allocationMode: 'All' },
            ],
          },
        ]),
        beside(),
      ),
      {
        ...ofGpu(5, 5, 5),
        'iron.deviceclass.resource.k8s.io/devices': '32',
        [`requests.${implicit('iron')}`]: '32',
      },
    ],
    ['one name the less that its Pod asks by', used(made, beside([asks({ 'example.com/gpu': '2' })])), ofGpu(2, 2, 0)],
    ['or the other', used(made, beside([asks({ [implicit('gpu')]: '2' })])), ofGpu(2, 0, 2)],
    [
      'what is beyond where its Pod asks by both',
      used(made, beside([asks({ [implicit('gpu')]: '1', 'example.com/gpu': '1' })])),
      ofGpu(2, 1, 1),
    ],
    ['the claim its Pod tells of', used(made, beside([asks({ 'example.com/gpu': '2' }, 'claim')])), ofGpu(2, 2, 0)],
    ['all where its Pod tells of another', used(made, beside([asks({ 'example.com/gpu': '2' }, 'o')])), ofGpu(2, 2, 2)],
    [
      'all where its Pod has an earlier one',
      used(
        { ...made, metadata: { ...made.metadata, creationTimestamp: '2026-01-01T00:00:01Z' } },
        beside([asks({ 'example.com/gpu': '2' })], [before]),
      ),
      ofGpu(2, 2, 2),
    ],
    [
      'all where another of the same time comes first by its name',
      used(
        { ...made, metadata: { ...made.metadata, creationTimestamp: '2026-01-01T00:00:00Z' } },
        beside(
          [asks({ 'example.com/gpu': '2' })],
          [claim([], { name: 'a', owner: 'p', made: '2026-01-01T00:00:00Z' })],
        ),
      ),
      ofGpu(2, 2, 2),
    ],
    ['no more for a later one', used(made, beside([asks({ 'example.com/gpu': '2' })], [before])), ofGpu(2, 2, 0)],
    [
      'all when its Pod has ended',
      used(made, beside([pod('p', { 'example.com/gpu': '2' }, undefined, 'Failed')])),
      ofGpu(2, 2, 2),
    ],
    ['all when its Pod is gone', used(made, beside()), ofGpu(2, 2, 2)],
    [
      'all when a namesake has taken the place of its Pod',
      used(made, beside([{ ...asks({ 'example.com/gpu': '2' }), metadata: { name: 'p', uid: 'other' } }])),
      ofGpu(2, 2, 2),
    ],
    [
      'all where nobody says that it is for extended resources',
      used(claim([gpus(2)], { owner: 'p', marked: false }), beside([asks({ 'example.com/gpu': '2' })])),
      ofGpu(2, 2, 2),
    ],
    [
      'all where no Pod owns it',
      used(claim([gpus(2)], { owner: 'p', kind: 'Job' }), beside([asks({ 'example.com/gpu': '2' })])),
      ofGpu(2, 2, 2),
    ],
    ['all where it only says so', used(claim([gpus(2)], { marked: true }), beside()), ofGpu(2, 2, 2)],
  ]
  it.each(cases)('%s', (_, got, want) => expect(got).toEqual(want))
})

describe('of claims for devices', () => {
  it.each<[string, boolean]>([
    ['count/resourceclaims.resource.k8s.io', true],
    ['gpu.deviceclass.resource.k8s.io/devices', true],
    ['requests.example.com/gpu', true],
    [`requests.${implicit('gpu')}`, true],
    [`requests.${implicit('plain')}`, true],
    [`requests.${implicit('other')}`, false],
    ['requests.example.com/other', false],
    ['example.com/gpu', false],
    ['resourceclaims', false],
    ['gpu.deviceclass.resource.k8s.io/storage', false],
    ['requests.storage', false],
  ])('%s is counted: %s', (name, counts) => {
    expect(evaluatorOf('resource.k8s.io', 'resourceclaims', beside())?.counts(name)).toBe(counts)
  })

  it.each<['CREATE' | 'UPDATE' | 'DELETE', string, boolean]>([
    ['CREATE', '', true],
    ['UPDATE', '', true],
    ['UPDATE', 'status', false],
    ['DELETE', '', false],
  ])('%s of "%s" matters: %s', (operation, subresource, matters) => {
    const write = { operation, subresource, object: claim([]) }
    expect(evaluatorOf('resource.k8s.io', 'resourceclaims', noDevices)?.handles(write)).toBe(matters)
  })
})
