import { expect, it } from 'vitest'
import { annotation, differs, nextStep, ttlOf } from './plan.ts'

// pkg/controller/ttl/ttl_controller_test.go TestDesiredTTL
it.each([
  [0, 0, '0'],
  [0, 100, '0'],
  [0, 101, '15'],
  [1, 90, '15'],
  [1, 89, '0'],
  [1, 500, '15'],
  [1, 501, '30'],
  [2, 450, '30'],
  [2, 449, '15'],
  [2, 1001, '60'],
  [3, 900, '60'],
  [3, 2001, '300'],
  [4, 1800, '300'],
  [4, 1799, '60'],
  [0, 5000, '300'],
  [4, 3, '0'],
])('from step %i with %i nodes: %s', (step, nodes, ttl) => expect(ttlOf(nextStep(step, nodes))).toBe(ttl))

it.each([
  [undefined, true],
  ['15', false],
  ['+15', false],
  ['0', true],
  ['soon', true],
  ['', true],
])('a node that says %s', (said, wrong) => {
  const annotations: Record<string, string> = said === undefined ? {} : { [annotation]: said }
  expect(differs({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', annotations }, spec: {} }, '15')).toBe(wrong)
})
