import { describe, expect, it } from 'vitest'
import * as field from './fieldpath.ts'

const path = new field.FieldPath('spec').child('containers').index(0).child('env').key('A')

describe('FieldPath', () => {
  it('prints where something is', () => {
    expect(path.toString()).toBe('spec.containers[0].env[A]')
    expect(new field.FieldPath().toString()).toBe('<nil>')
    expect(new field.FieldPath('metadata', 'name').child('a', 'b').toString()).toBe('metadata.name.a.b')
    expect(new field.FieldPath().child('spec').toString()).toBe('spec')
  })
})

describe('errorText', () => {
  it.each([
    [field.required('a'), 'a: Required value'],
    [field.required('a', 'x'), 'a: Required value: x'],
    [field.invalid('a', 'b"c\n', 'x'), 'a: Invalid value: "b\\"c\\n": x'],
    [field.invalid('a', 1.5, 'x'), 'a: Invalid value: 1.5: x'],
    [field.invalid('a', true, 'x'), 'a: Invalid value: true: x'],
    [field.invalid('a', undefined, 'x'), 'a: Invalid value: null: x'],
    [field.invalid('a', { b: [1] }, 'x'), 'a: Invalid value: {"b":[1]}: x'],
    [field.typeInvalid('a', 'b', 'x'), 'a: Invalid value: "b": x'],
    [field.notFound('a', 'b'), 'a: Not found: "b"'],
    [field.duplicate(path, 'b'), 'spec.containers[0].env[A]: Duplicate value: "b"'],
    [field.forbidden('a', 'x'), 'a: Forbidden: x'],
    [field.notSupported('a', 'b', []), 'a: Unsupported value: "b"'],
    [field.notSupported('a', 'b', ['c']), 'a: Unsupported value: "b": supported values: "c"'],
    [field.tooLong('a', 'b', 63), 'a: Too long: may not be more than 63 bytes'],
    [field.tooMany('a', 5, 1), 'a: Too many: 5: must have at most 1 item'],
    [field.tooMany('a', 5, 4), 'a: Too many: 5: must have at most 4 items'],
    [field.internalError('a', 'x'), 'a: Internal error: x'],
  ])('%j', (error, expected) => {
    expect(field.errorText(error)).toBe(expected)
  })
})
