import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { withLastUsed } from './legacy-token-use.ts'

const label = 'kubernetes.io/legacy-token-last-used'
const secret = (labels?: Record<string, string>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', ...(labels === undefined ? {} : { labels }) },
})

// pkg/serviceaccount/legacy_test.go
it.each([
  ['never', undefined, { [label]: '2026-06-10' }],
  ['before', { [label]: '2026-06-09', a: 'b' }, { [label]: '2026-06-10', a: 'b' }],
  ['today', { [label]: '2026-06-10' }, undefined],
  ['today where it is tomorrow', { [label]: '2026-06-11' }, undefined],
  ['one day', { [label]: 'x' }, { [label]: '2026-06-10' }],
])('a token that was used %s', (_, labels, want) => {
  expect(withLastUsed(secret(labels), Date.parse('2026-06-10T23:59:59Z'))?.metadata.labels).toEqual(want)
})
