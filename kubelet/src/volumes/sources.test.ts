import { expect, it } from 'vitest'
import { pod } from '../pods/fixtures.ts'
import { volumeSources } from './sources.ts'

it('volumeSources are the ConfigMaps and Secrets of volumes', () => {
  const volumes = [
    { name: 'a', configMap: { name: 'map' } },
    { name: 'b', secret: { secretName: 'secret' } },
    { name: 'c', projected: { sources: [{ configMap: { name: 'map' } }, { secret: { name: 'map' } }, {}] } },
    { name: 'd', emptyDir: {} },
    { name: 'e', configMap: {} },
  ]
  expect([...volumeSources(pod({ containers: [], volumes }))]).toEqual([
    'configMap default/map',
    'secret default/secret',
    'secret default/map',
  ])
})
