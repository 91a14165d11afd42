import { expect, it } from 'vitest'
import { container, pod } from '../pods/fixtures.ts'
import { volumeSources } from './sources.ts'

it('volumeSources are the ConfigMaps and Secrets of volumes that a container has', () => {
  const volumes = [
    { name: 'a', configMap: { name: 'map' } },
    { name: 'b', secret: { secretName: 'secret' } },
    { name: 'c', projected: { sources: [{ configMap: { name: 'map' } }, { secret: { name: 'map' } }, {}] } },
    { name: 'd', emptyDir: {} },
    { name: 'e', configMap: {} },
    { name: 'unused', configMap: { name: 'other' } },
  ]
  const volumeMounts = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, mountPath: `/${name}` }))
  expect([...volumeSources(pod({ containers: [container('a', { volumeMounts })], volumes }))]).toEqual([
    'configMap default/map',
    'secret default/secret',
    'secret default/map',
  ])
})
