import { expect, it } from 'vitest'
import { folderOf, prefixEnd, splitStorageKey } from './keys.ts'

it.each([
  [{ group: '', plural: 'pods' }, 'default/a', '/registry/core/pods/default/a'],
  [{ group: '', plural: 'nodes' }, 'n1', '/registry/core/nodes/n1'],
  [{ group: 'apps', plural: 'deployments' }, 'x/y', '/registry/apps/deployments/x/y'],
])('%o %s is %s', (resource, key, stored) => {
  const folder = folderOf('/registry', resource)
  expect(folder + key).toBe(stored)
  expect(splitStorageKey('/registry', stored)).toEqual({ folder, key })
})

it.each(['/registry/.nudge', '/registry/x', '/registry/a/b', '/other/core/pods/a/b'])('%s holds no object', (key) => {
  expect(splitStorageKey('/registry', key)).toBeUndefined()
})

it('ends a prefix after its last key', () => {
  expect(prefixEnd('/registry/')).toBe('/registry0')
})
