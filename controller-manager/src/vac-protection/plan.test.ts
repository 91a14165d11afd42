import { expect, it } from 'vitest'
import { classesOfClaim, classesOfVolume, finalizer, plan } from './plan.ts'

const attributes = (metadata: object) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttributesClass',
  metadata: { name: 'gold', ...metadata },
  driverName: 'csi.example.com',
})
const deletionTimestamp = '2026-01-01T00:00:00Z'

it.each<[string, object, boolean, string]>([
  ['new', {}, false, 'add'],
  ['kept', { finalizers: [finalizer] }, false, 'nothing'],
  ['goes, and is used', { finalizers: [finalizer], deletionTimestamp }, true, 'nothing'],
  ['goes, and nobody uses it', { finalizers: [finalizer], deletionTimestamp }, false, 'remove'],
  ['goes, kept by others', { finalizers: ['other'], deletionTimestamp }, false, 'nothing'],
])('a class that is %s', (_name, metadata, isUsed, action) => {
  expect(plan(attributes(metadata), () => isUsed)).toBe(action)
})

it.each<[string, object, object, string[]]>([
  ['none', {}, {}, []],
  ['no name', { volumeAttributesClassName: '' }, {}, []],
  ['the one it wants', { volumeAttributesClassName: 'gold' }, {}, ['gold']],
  [
    'and those it has and is on its way to',
    { volumeAttributesClassName: 'gold' },
    {
      currentVolumeAttributesClassName: 'tin',
      modifyVolumeStatus: { status: 'Pending', targetVolumeAttributesClassName: 'gold' },
    },
    ['gold', 'tin'],
  ],
])('a claim uses %s', (_name, spec, status, names) => {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: {}, spec, status }
  expect(classesOfClaim(claim)).toEqual(names)
})

it('a volume uses its own', () => {
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {},
    spec: { volumeAttributesClassName: 'gold' },
  }
  expect(classesOfVolume(volume)).toEqual(['gold'])
})
