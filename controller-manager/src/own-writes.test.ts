import { expect, it } from 'vitest'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { OwnWrites } from './own-writes.ts'

const object = (resourceVersion: string, uid = 'one', name = 'a'): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'n', uid, resourceVersion },
})

it.each<[string, KubeObject[], KubeObject, boolean]>([
  ['of which nothing was written', [], object('5'), true],
  ['older than what was written', [object('7')], object('5'), false],
  ['as it was written', [object('7')], object('7'), true],
  ['that others wrote since', [object('7')], object('8'), true],
  ['older by a digit', [object('10')], object('9'), false],
  ['later by a digit', [object('99')], object('100'), true],
  ['between two writes', [object('7'), object('9')], object('8'), false],
  ['that was made anew under the name', [object('7')], object('5', 'other'), true],
  ['beside the one that was written', [object('7')], object('5', 'one', 'b'), true],
])('an object %s', (_, written, cached, want) => {
  const writes = new OwnWrites()
  for (const one of written) writes.wrote(one)
  expect(writes.isSeen(cached)).toBe(want)
})

it('what is forgotten is no longer waited for', () => {
  const writes = new OwnWrites()
  writes.wrote(object('7'))
  writes.forget('n/a')
  expect(writes.isSeen(object('5'))).toBe(true)
})
