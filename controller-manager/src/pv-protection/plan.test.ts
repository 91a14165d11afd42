import type { PersistentVolume } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { withFinalizer } from '../protection.ts'
import { finalizer, plan } from './plan.ts'

const deletionTimestamp = '2026-01-01T00:00:00Z'
const volumeOf = (metadata: object, phase?: string): PersistentVolume =>
  ({ metadata: { name: 'v', ...metadata }, spec: {}, status: phase ? { phase } : undefined }) as PersistentVolume

it.each<[string, object, string | undefined, string]>([
  ['new', {}, 'Available', 'add'],
  ['new, without a status', {}, undefined, 'add'],
  ['new, kept by another', { finalizers: ['other'] }, 'Pending', 'add'],
  ['bound before it was kept', {}, 'Bound', 'add'],
  ['kept', { finalizers: [finalizer] }, 'Bound', 'nothing'],
  ['kept, and by another', { finalizers: ['other', finalizer] }, 'Available', 'nothing'],
  ['goes, bound', { deletionTimestamp, finalizers: [finalizer] }, 'Bound', 'nothing'],
  ['goes, released', { deletionTimestamp, finalizers: [finalizer] }, 'Released', 'remove'],
  ['goes, available', { deletionTimestamp, finalizers: [finalizer] }, 'Available', 'remove'],
  ['goes, pending', { deletionTimestamp, finalizers: [finalizer] }, 'Pending', 'remove'],
  ['goes, failed', { deletionTimestamp, finalizers: [finalizer] }, 'Failed', 'remove'],
  ['goes, without a status', { deletionTimestamp, finalizers: [finalizer] }, undefined, 'remove'],
  ['goes, kept by another', { deletionTimestamp, finalizers: ['other'] }, 'Released', 'nothing'],
  ['goes, kept by nobody', { deletionTimestamp }, 'Bound', 'nothing'],
])('a volume: %s', (_, metadata, phase, want) => expect(plan(volumeOf(metadata, phase))).toBe(want))

it.each<[string, string[], 'add' | 'remove', string[]]>([
  ['added after others', ['a', 'b'], 'add', ['a', 'b', finalizer]],
  ['taken from between others', ['a', finalizer, 'b'], 'remove', ['a', 'b']],
  ['taken however often it is there', [finalizer, 'a', finalizer], 'remove', ['a']],
  ['not taken where it is not', ['a'], 'remove', ['a']],
])('the finalizer is %s', (_, finalizers, action, want) => {
  expect(withFinalizer(volumeOf({ finalizers }), finalizer, action).metadata.finalizers).toEqual(want)
})
