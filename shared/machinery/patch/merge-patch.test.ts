import { describe, expect, it } from 'vitest'
import { mergePatch } from './merge-patch.ts'

describe('mergePatch', () => {
  // RFC 7386, appendix A (the cases whose target is an object)
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: 'foo' }, { a: { b: 1, c: null } }, { a: { b: 1 } }],
  ])('%j + %j = %j', (current, patch, expected) => {
    expect(mergePatch(current, patch)).toEqual(expected)
  })

  it.each([[['a']], ['x'], [null], [3]])('refuses %j', (patch) => {
    expect(() => mergePatch({}, patch)).toThrow(expect.objectContaining({ code: 400, message: 'Invalid JSON Patch' }))
  })

  it('keeps __proto__ an ordinary key', () => {
    const result = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'))
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true}}')
  })
})
