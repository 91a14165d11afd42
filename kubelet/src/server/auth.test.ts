import { expect, it } from 'vitest'
import { nodeSubresources } from './auth.ts'

it.each([
  ['/pods', ['pods', 'proxy']],
  ['/runningpods?x=1', ['pods', 'proxy']],
  ['/healthz/syncloop', ['healthz', 'proxy']],
  ['/configz', ['configz', 'proxy']],
  ['/stats/summary?only_cpu_and_memory=true', ['stats']],
  ['/metrics', ['metrics']],
  ['/logs/', ['log']],
  ['/podsandmore', ['proxy']],
  ['/exec/a/b/c', ['proxy']],
])('%s is for who may use %j', (path, subresources) => {
  expect(nodeSubresources(path)).toEqual(subresources)
})
