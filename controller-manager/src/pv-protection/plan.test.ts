import type { PersistentVolume } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { finalizer, plan } from './plan.ts'

const deletionTimestamp = '2026-01-01T00:00:00Z'

it.each<[string, object, string, string]>([
  ['new', {}, 'Available', 'add'],
  ['kept', { finalizers: [finalizer] }, 'Bound', 'nothing'],
  ['goes, bound', { deletionTimestamp, finalizers: [finalizer] }, 'Bound', 'nothing'],
  ['goes, released', { deletionTimestamp, finalizers: [finalizer] }, 'Released', 'remove'],
  ['goes, kept by another', { deletionTimestamp, finalizers: ['other'] }, 'Released', 'nothing'],
])('a volume: %s', (_, metadata, phase, want) => {
  const volume = { metadata: { name: 'v', ...metadata }, spec: {}, status: { phase } } as PersistentVolume
  expect(plan(volume)).toBe(want)
})
