import { describe, expect, it } from 'vitest'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { ownerState, plan } from './plan.ts'
import type { ObjectAction, ObjectSeen, OwnerState } from './plan.ts'

const reference = (uid: string): OwnerReference => ({ apiVersion: 'v1', kind: 'A', name: uid, uid })
const seen = (states: OwnerState[], rest: Partial<ObjectSeen> = {}): ObjectSeen => ({
  metadata: { name: 'x', uid: 'x' },
  owners: states.map((state, index) => ({ reference: reference(`u${index}`), state })),
  hasDependents: false,
  dependentsDeleteInForeground: false,
  ...rest,
})
const remove = (policy: 'Background' | 'Foreground' | 'Orphan'): ObjectAction => ({ type: 'delete', policy })

describe('plan', () => {
  const cases: { name: string; seen: ObjectSeen; want: ObjectAction }[] = [
    { name: 'an object of its own stays', seen: seen([]), want: { type: 'nothing' } },
    { name: 'one with its owner stays', seen: seen(['present']), want: { type: 'nothing' } },
    { name: 'one without goes', seen: seen(['absent']), want: remove('Background') },
    { name: 'one of none of its owners goes', seen: seen(['absent', 'absent']), want: remove('Background') },
    {
      name: 'one that has an owner left forgets the others',
      seen: seen(['absent', 'present', 'waitingForDependents']),
      want: { type: 'setOwners', ownerReferences: [reference('u1')] },
    },
    { name: 'a leaf goes in the background', seen: seen(['waitingForDependents']), want: remove('Background') },
    {
      name: 'a branch hands foreground deletion down',
      seen: seen(['waitingForDependents'], { hasDependents: true }),
      want: remove('Foreground'),
    },
    {
      name: 'a circle is cut',
      seen: seen(['waitingForDependents'], { hasDependents: true, dependentsDeleteInForeground: true }),
      want: {
        type: 'delete',
        policy: 'Foreground',
        ownerReferences: [{ ...reference('u0'), blockOwnerDeletion: false }],
      },
    },
    {
      name: 'one whose owner cannot be looked for stays',
      seen: seen(['impossible', 'absent']),
      want: { type: 'nothing' },
    },
    {
      name: 'its own wish for orphans counts',
      seen: seen(['absent'], { metadata: { finalizers: ['orphan'] }, hasDependents: true }),
      want: remove('Orphan'),
    },
  ]
  for (const { name, seen: each, want } of cases) it(name, () => expect(plan(each)).toEqual(want))
})

describe('ownerState', () => {
  const going = { uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' }
  it('goes by uid and by finalizer', () => {
    expect(ownerState(reference('u'), undefined)).toBe('absent')
    expect(ownerState(reference('u'), { uid: 'other' })).toBe('absent')
    expect(ownerState(reference('u'), { uid: 'u' })).toBe('present')
    expect(ownerState(reference('u'), going)).toBe('present')
    expect(ownerState(reference('u'), { ...going, finalizers: ['foregroundDeletion'] })).toBe('waitingForDependents')
  })
})
