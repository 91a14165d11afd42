import { expect, it } from 'vitest'
import { warningHeaders } from './warnings.ts'

it('says each warning once, quoted', () => {
  expect(warningHeaders(['a', '', 'say "b"', 'a', 'c\n\u00e9d'])).toEqual([
    '299 - "a"',
    '299 - "say \\"b\\""',
    '299 - "c d"',
  ])
})

it('sends no more than four kilobytes', () => {
  const many = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(500)}`)
  const headers = warningHeaders(many)
  expect(headers).toHaveLength(16)
  expect(headers[0]).toHaveLength(256 + '299 - ""'.length)
})
