import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { timeLeft } from './plan.ts'

const type = 'bootstrap.kubernetes.io/token'
const secret = (expiration: string | undefined, of = type): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {},
  type: of,
  ...(expiration === undefined ? {} : { data: { expiration: Buffer.from(expiration).toString('base64') } }),
})

// pkg/controller/bootstrap/tokencleaner_test.go, cluster-bootstrap/util/secrets/secrets_test.go
it.each([
  [secret(undefined), undefined],
  [secret(''), undefined],
  [secret('2026-01-01T00:00:10Z'), 10_000],
  [secret('2026-01-01T01:00:10+01:00'), 10_000],
  [secret('2026-01-01T00:00:00Z'), 0],
  [secret('2025-01-01T00:00:00Z'), 0],
  [secret('tomorrow'), 0],
  [secret('2026-01-01'), 0],
  [secret('2025-01-01T00:00:00Z', 'Opaque'), undefined],
])('%#', (token, left) => expect(timeLeft(token, Date.parse('2026-01-01T00:00:00Z'))).toBe(left))
