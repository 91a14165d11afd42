import { describe, expect, it } from 'vitest'
import { parseJsonPath } from './jsonpath.ts'

const value = {
  spec: { replicas: 3, 'a.b/c': 'dotted', list: [1, 2, 3, 4] },
  status: {
    conditions: [
      { type: 'Ready', status: 'True', n: 1 },
      { type: 'Other', status: 'False', n: 2 },
    ],
  },
}

describe('parseJsonPath', () => {
  it.each<[string, unknown[]]>([
    ['.spec.replicas', [3]],
    ['$.spec.replicas', [3]],
    ['.spec.missing.more', []],
    ['.spec["a.b/c"]', ['dotted']],
    ["['spec']['replicas']", [3]],
    ['.spec.a\\.b/c', ['dotted']],
    ['.spec.list[0]', [1]],
    ['.spec.list[-1]', [4]],
    ['.spec.list[0,2]', [1, 3]],
    ['.spec.list[1:3]', [2, 3]],
    ['.spec.list[::2]', [1, 3]],
    ['.spec.list[9]', []],
    ['.spec.list[*]', [1, 2, 3, 4]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Other')].status", ['False']],
    ['.status.conditions[?(@.n>1)].type', ['Other']],
    ['.status.conditions[?(@.none)].type', []],
    ['..status', [value.status, 'True', 'False']],
    ['.', [value]],
  ])('%s', (path, expected) => {
    expect(parseJsonPath(path)(value)).toEqual(expected)
  })

  it.each(['.spec[', '.spec[a]', '.a[?(@.b==)]', '.a b', '.list[::0]'])('%s is none', (path) => {
    expect(() => parseJsonPath(path)).toThrow(path)
  })

  it('finds own fields alone', () => {
    expect(parseJsonPath('.constructor.name')({})).toEqual([])
    expect(parseJsonPath('.__proto__')({})).toEqual([])
  })
})
