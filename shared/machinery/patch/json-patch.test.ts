import { describe, expect, it } from 'vitest'
import { StatusError } from '../errors.ts'
import { jsonPatch } from './json-patch.ts'

const object = { a: 1, list: ['x', 'y'], 'k/e~y': 'v', nested: { b: 2 } }

describe('jsonPatch', () => {
  it.each([
    ['add a field', [{ op: 'add', path: '/c', value: 3 }], { ...object, c: 3 }],
    ['add replaces', [{ op: 'add', path: '/a', value: null }], { ...object, a: null }],
    ['insert', [{ op: 'add', path: '/list/1', value: 'm' }], { ...object, list: ['x', 'm', 'y'] }],
    ['append', [{ op: 'add', path: '/list/-', value: 'z' }], { ...object, list: ['x', 'y', 'z'] }],
    ['append by number', [{ op: 'add', path: '/list/2', value: 'z' }], { ...object, list: ['x', 'y', 'z'] }],
    ['remove an element', [{ op: 'remove', path: '/list/0' }], { ...object, list: ['y'] }],
    ['remove from the end', [{ op: 'remove', path: '/list/-1' }], { ...object, list: ['x'] }],
    ['replace', [{ op: 'replace', path: '/nested/b', value: [1] }], { ...object, nested: { b: [1] } }],
    ['escaped keys', [{ op: 'replace', path: '/k~1e~0y', value: 'w' }], { ...object, 'k/e~y': 'w' }],
    ['move', [{ op: 'move', from: '/a', path: '/nested/a' }], { ...object, a: undefined, nested: { b: 2, a: 1 } }],
    ['copy', [{ op: 'copy', from: '/nested', path: '/copy' }], { ...object, copy: { b: 2 } }],
    [
      'test then change',
      [
        { op: 'test', path: '/a', value: 1 },
        { op: 'remove', path: '/a' },
      ],
      { ...object, a: undefined },
    ],
    ['an absent key is null', [{ op: 'test', path: '/none', value: null }], object],
    ['the whole document', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
  ])('%s', (_, patch, expected) => {
    const wanted: unknown = JSON.parse(JSON.stringify(expected))
    expect(JSON.parse(JSON.stringify(jsonPatch(structuredClone(object), patch)))).toEqual(wanted)
  })

  it.each([
    [{ op: 'test', path: '/a', value: '1' }, 'testing value /a failed: test failed'],
    [{ op: 'test', path: '/nested', value: null }, 'testing value /nested failed: test failed'],
    [
      { op: 'remove', path: '/none' },
      "error in remove for path: '/none': Unable to remove nonexistent key: none: missing value",
    ],
    [{ op: 'remove', path: '/x/y' }, 'remove operation does not apply: doc is missing path: "/x/y": missing value'],
    [
      { op: 'replace', path: '/none', value: 1 },
      'replace operation does not apply: doc is missing key: /none: missing value',
    ],
    [{ op: 'add', path: '/list/5', value: 1 }, 'Unable to access invalid index: 5: invalid index referenced'],
    [{ op: 'add', path: '/x/y', value: 1 }, 'add operation does not apply: doc is missing path: "/x/y": missing value'],
    [
      { op: 'add', path: '/constructor/name', value: 1 },
      'add operation does not apply: doc is missing path: "/constructor/name": missing value',
    ],
    [{ op: 'jump', path: '/a' }, 'Unexpected kind: jump'],
    [{ path: '/a' }, 'Unexpected kind: unknown'],
    [{ op: 'add', value: 1 }, 'add operation failed to decode path: missing value'],
    [{ op: 'move', from: '', path: '/a' }, 'unable to move entire document to another path: invalid state detected'],
  ])('%j does not apply', (operation, cause) => {
    let thrown: unknown
    try {
      jsonPatch(structuredClone(object), [operation])
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(StatusError)
    expect((thrown as StatusError).cause).toBe(cause)
    expect((thrown as StatusError).status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
    })
  })

  it('refuses what is no list, and too long a list', () => {
    expect(() => jsonPatch(object, { op: 'add' })).toThrow(expect.objectContaining({ code: 400 }))
    const many = new Array<unknown>(10_001).fill({ op: 'test', path: '/a', value: 1 })
    expect(() => jsonPatch(object, many)).toThrow(/maximum operations in a JSON patch is 10000, got 10001/)
  })

  it('does not let copies of copies grow without end', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/x${i}` }))
    expect(() => jsonPatch({ a: 'x'.repeat(100) }, doubling)).toThrow(
      expect.objectContaining({
        code: 422,
        cause: expect.stringMatching(/^Unable to complete the copy, .* exceeding the limit 3145728$/) as unknown,
      }),
    )
  })
})
