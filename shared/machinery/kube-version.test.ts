import { expect, it } from 'vitest'

import { compareKubeVersions } from './kube-version.ts'

it('sorts versions from the most stable and newest to the rest by name', () => {
  const wanted = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10']
  expect(wanted.toReversed().sort((a, b) => compareKubeVersions(b, a))).toEqual(wanted)
})
