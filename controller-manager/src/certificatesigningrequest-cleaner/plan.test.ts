import { issueCertificate, createCA } from '@kubets/shared/process/certificates.ts'
import { X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { condition, csr } from '../certificates/requests.testing.ts'
import { timeLeft } from './plan.ts'

const now = Date.parse('2026-01-01T01:00:00Z')
const [second, hour] = [1000, 3_600_000]
const at = (ms: number): string => new Date(now + ms).toISOString()

// pkg/controller/certificates/cleaner/cleaner_test.go
it.each([
  ['nobody decided on it for an hour', csr(), 23 * hour],
  ['approved, not issued', csr({}, { conditions: [condition('Approved', at(-5 * hour))] }), undefined],
  [
    'approved and issued',
    csr({}, { conditions: [condition('Approved', at(-second))], certificate: 'x' }),
    hour - second,
  ],
  ['issued an hour ago', csr({}, { conditions: [condition('Approved', at(-hour))], certificate: 'x' }), 0],
  ['denied just now', csr({}, { conditions: [condition('Denied', at(0))] }), hour],
  ['denied long ago', csr({}, { conditions: [condition('Denied', at(-5 * hour))] }), 0],
  [
    'failed',
    csr({}, { conditions: [condition('Approved', at(-hour)), condition('Failed', at(-second))] }),
    hour - second,
  ],
  ['denied, nobody knows when', csr({}, { conditions: [condition('Denied')] }), undefined],
])('a request is kept that was %s', (_, request, left) => expect(timeLeft(request, now)).toBe(left))

it('what was issued goes with its certificate', async () => {
  const { cert } = await issueCertificate(await createCA('ca'), { commonName: 'a', usages: ['client'], days: 1 })
  const end = new X509Certificate(cert).validToDate.getTime()
  const certificate = Buffer.from(cert).toString('base64')
  const conditions = [condition('Approved', new Date(end - second).toISOString())]
  expect(timeLeft(csr({}, { certificate, conditions }), end - 10)).toBe(10)
  expect(timeLeft(csr({}, { certificate, conditions }), end + second)).toBe(0)
  expect(timeLeft(csr({}, { certificate, conditions: [] }), end + second)).toBe(0)
})
