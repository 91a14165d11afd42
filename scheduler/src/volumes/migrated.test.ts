import { expect, it } from 'vitest'
import { translated } from './migrated.ts'

const pd = { gcePersistentDisk: { pdName: 'd' } }
const zone = 'topology.kubernetes.io/zone'

it.each([
  ['a plain id', { awsElasticBlockStore: { volumeID: 'vol-1' } }, {}, 'vol-1'],
  ['an id with its zone', { awsElasticBlockStore: { volumeID: 'aws://us-east-1a/vol-1' } }, {}, 'vol-1'],
  ['an id without one', { awsElasticBlockStore: { volumeID: 'aws:///vol-1' } }, {}, 'vol-1'],
  ['an address', { azureDisk: { diskName: 'd', diskURI: '/subscriptions/d' } }, {}, '/subscriptions/d'],
  ['an id of Cinder', { cinder: { volumeID: 'c' } }, {}, 'c'],
  ['a disk anywhere', pd, {}, 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d'],
  ['a disk of a zone', pd, { [zone]: 'us-east1-b' }, 'projects/UNSPECIFIED/zones/us-east1-b/disks/d'],
  ['a disk of a region', pd, { [zone]: 'us-east1-b__us-east1-c' }, 'projects/UNSPECIFIED/regions/us-east1/disks/d'],
  ['a folder', { hostPath: { path: '/' } }, {}, undefined],
])("%s has its driver's handle", (_, source, labels, handle) => {
  expect(translated({ name: 'v', ...source }, labels)?.handle).toBe(handle)
})
