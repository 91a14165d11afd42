import { StatusError } from '@kubets/shared/machinery/errors.ts'
import { seededRandom } from '@kubets/shared/testing/generate.ts'
import { describe, expect, it } from 'vitest'
import { decodeContinue, encodeContinue } from './continue-token.ts'

describe('continue tokens', () => {
  it.each([
    ['default/a', 7],
    ['é/日本', -1],
    ['__proto__', 2 ** 52],
  ])('for the page after %j at %d say where it begins', (last, revision) => {
    expect(decodeContinue(encodeContinue(last, revision))).toEqual({ start: `${last}\0`, revision })
  })

  it('that somebody has tampered with are refused in order, or taken', () => {
    const random = seededRandom(13)
    let refused = 0
    for (let round = 0; round < 1000; round++) {
      const bytes = Buffer.from(encodeContinue('default/web', 42))
      for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      try {
        const { start, revision } = decodeContinue(bytes.toString('latin1'))
        expect([typeof start, Number.isSafeInteger(revision)]).toEqual(['string', true])
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError)
        expect((error as StatusError).code).toBe(400)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0)
  })

  it.each([['null'], ['7'], ['[]'], ['{"v":"meta.k8s.io/v1"}'], ['{"v":"meta.k8s.io/v1","start":"a","rv":1.5}']])(
    'are not %s',
    (text) => {
      expect(() => decodeContinue(Buffer.from(text).toString('base64url'))).toThrow(StatusError)
    },
  )
})
