import { claimFinalizer, notMadeFor, reservedFor } from '@kubets/shared/api/resource-claims.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim, ResourceClaimTemplate } from '@kubets/shared/api/types/resource-v1.ts'
import { describe, expect, it } from 'vitest'
import { lacksReservation, podClaimAnnotation } from './claims.ts'
import { generateName, planClaim, planPodClaim, released, staysReserved } from './plan.ts'

const pod = (status: Pod['status'] = {}, metadata: object = {}, spec: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u1', ...metadata },
  spec: { containers: [], ...spec },
  status,
})
const ownerReferences = [
  { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u1', controller: true, blockOwnerDeletion: true },
]
const user = (uid: string): { resource: string; name: string; uid: string } => ({ resource: 'pods', name: 'p', uid })
const claim = (status: object = {}, metadata: object = {}): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: { name: 'p-gpu-x', namespace: 'n', ...metadata },
  spec: { devices: { requests: null } },
  status,
})
const template: ResourceClaimTemplate = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  metadata: { name: 't' },
  spec: {
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
    spec: { devices: { requests: [{ name: 'gpu' }] } },
  },
}

// pkg/controller/resourceclaim/controller_test.go TestSyncHandler
describe('a claim of a Pod', () => {
  const made = { metadata: { ownerReferences } }
  const byTemplate = { name: 'gpu', resourceClaimTemplateName: 't' }
  const named = (resourceClaimName?: string): Pod =>
    pod({ resourceClaimStatuses: [{ name: 'gpu', resourceClaimName }] } as never)
  const nothing = { claim: () => undefined, template: () => undefined, made: () => undefined }
  it('is made from its template', () => {
    const plan = planPodClaim(pod(), byTemplate, {
      ...nothing,
      template: (name) => (name === 't' ? template : undefined),
    })
    expect(plan).toEqual({
      create: {
        apiVersion: 'resource.k8s.io/v1',
        kind: 'ResourceClaim',
        metadata: {
          namespace: 'n',
          generateName: 'p-gpu-',
          labels: { a: 'b' },
          annotations: { c: 'd', [podClaimAnnotation]: 'gpu' },
          ownerReferences,
        },
        spec: { devices: { requests: [{ name: 'gpu' }] } },
      },
    })
  })
  it.each([
    ['that is there by its name', pod(), { name: 'gpu', resourceClaimName: 'x' }, nothing, undefined],
    ['that was made and is not in the status', pod(), byTemplate, { ...nothing, made: () => 'x' }, { name: 'x' }],
    ['that is not needed', named(), byTemplate, nothing, undefined],
    [
      'that is made and known',
      named('x'),
      byTemplate,
      { ...nothing, claim: () => ({ ...claim(), ...made }) },
      undefined,
    ],
    ['that is not there any longer', named('y'), byTemplate, { ...nothing, made: () => 'x' }, { name: 'x' }],
    [
      'whose claim is another’s',
      named('y'),
      byTemplate,
      { ...nothing, claim: () => claim(), made: () => 'x' },
      { name: 'x' },
    ],
  ])('%s', (_, of, podClaim, seen, want) => expect(planPodClaim(of, podClaim, seen)).toEqual(want))
  it('has a problem without its template', () => {
    const problem = 'resource claim template "t": resourceclaimtemplate.resource.k8s.io "t" not found'
    expect(planPodClaim(pod(), byTemplate, nothing)).toEqual({ problem })
  })
})

it.each([
  ['p', 'gpu', 'p-gpu-'],
  ['p'.repeat(53), 'gpu', `${'p'.repeat(52)}-gp`],
  ['p'.repeat(60), 'g'.repeat(60), `${'p'.repeat(28)}-${'g'.repeat(28)}`],
])('%s and %s make %s', (of, name, want) => expect(generateName(of, name)).toBe(want))

it.each([
  ['of the Pod', pod(), true],
  ['of one that is gone', undefined, false],
  ['of an earlier one', pod({}, { uid: 'u2' }), false],
  ['of one that is done', pod({ phase: 'Succeeded' }), false],
  ['of one that goes and runs', pod({}, { deletionTimestamp: 'x' }, { nodeName: 'n1' }), true],
  ['of one that goes and never ran', pod({}, { deletionTimestamp: 'x' }), false],
])('a reservation %s', (_, of, stays) => expect(staysReserved(user('u1'), of)).toBe(stays))

describe('a claim', () => {
  const allocation = { devices: {} }
  const held = { finalizers: ['other', claimFinalizer] }
  const goes = { ...held, deletionTimestamp: 'x' }
  const [one, two] = [user('u1'), user('u2')]
  it.each([
    ['is used', claim({ allocation, reservedFor: [one] }, held), [one], { release: false }],
    [
      'has a user less',
      claim({ allocation, reservedFor: [one, two] }, held),
      [two],
      { status: { allocation, reservedFor: [two] }, release: false },
    ],
    ['has no user any longer', claim({ allocation, reservedFor: [one] }, held), [], { status: {}, release: true }],
    ['was never held', claim({ allocation, reservedFor: [one] }), [], { status: { allocation }, release: false }],
    ['goes, and is used', claim({ allocation, reservedFor: [one] }, goes), [one], { release: false }],
    ['goes', claim({ allocation }, goes), [], { status: {}, release: true }],
    ['goes, not allocated', claim({}, goes), [], { release: true }],
    ['waits for its first user', claim({ allocation }, held), [], { release: false }],
  ])('that %s', (_, of, staying, want) => {
    const { status, release } = planClaim(of, staying, undefined)
    expect({ ...(status ? { status: status.status } : {}), release }).toEqual(want)
  })
  it.each([
    ['runs', pod(), [], false],
    ['is done', pod({ phase: 'Failed' }), [], true],
    ['is done, and others use it', pod({ phase: 'Failed' }), [two], false],
    ['was replaced', pod({}, { uid: 'u2' }), [], true],
    ['is not seen', undefined, [], false],
  ])('goes with its Pod that %s: %#', (_, owner, staying, remove) => {
    expect(planClaim(claim({ reservedFor: staying }, { ownerReferences }), staying, owner).remove).toBe(remove)
  })
  it('that nobody made for a Pod stays', () => {
    expect(planClaim(claim(), [], pod({ phase: 'Failed' })).remove).toBe(false)
  })
  it('loses one finalizer', () => expect(released(claim({}, held)).metadata.finalizers).toEqual(['other']))
  it('is reserved while there is room', () => {
    expect(lacksReservation(pod(), claim())).toBe(false)
    expect(lacksReservation(pod(), claim({ allocation }))).toBe(true)
    expect(lacksReservation(pod(), reservedFor(claim({ allocation }), pod()))).toBe(false)
    const full = Array.from({ length: 256 }, (_, i) => user(`v${i}`))
    expect(lacksReservation(pod(), claim({ allocation, reservedFor: full }))).toBe(false)
  })
  it('says whose it is', () => {
    expect(notMadeFor(pod(), claim())).toBe('ResourceClaim n/p-gpu-x was not created for pod n/p (pod is not owner)')
    expect(notMadeFor(pod(), claim({}, { ownerReferences }))).toBeUndefined()
  })
})
