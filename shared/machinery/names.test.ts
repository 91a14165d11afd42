import { describe, expect, it } from 'vitest'
import * as names from './names.ts'

const long = (length: number): string => 'a'.repeat(length)
const label = "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

describe('name validation', () => {
  it.each<[keyof typeof names, string[], string[]]>([
    ['isDNS1123Label', ['a', 'a-b', '1', long(63)], ['', 'A', '-a', 'a-', 'a_b', 'a.b', 'ä', long(64), 'a\n']],
    ['isDNS1123Subdomain', ['a', 'a.b-c.1', long(253)], ['', '.a', 'a..b', 'a-.b', 'A.b', long(254)]],
    ['isWildcardDNS1123Subdomain', ['*.a', '*.a.b'], ['*', 'a.b', '*.*.a', '*a.b']],
    ['isDNS1035Label', ['a', 'a1', 'a-b'], ['1a', 'a-', '', long(64)]],
    ['isQualifiedName', ['a', 'A_b.c', 'x.y/a', long(63)], ['', '/a', 'x/', 'a/b/c', '-a', 'X/a', long(64)]],
    ['isLabelValue', ['', 'a', 'A_b.c', long(63)], ['-a', 'a b', long(64)]],
    ['isEnvVarName', ['A', '_a', 'a.b-c'], ['1a', 'a b', '', '..a', 'a=b']],
    ['isRelaxedEnvVarName', ['A', '1 a', 'a:b'], ['', 'a=b', 'ä', 'a\n']],
    ['isConfigMapKey', ['a', 'A_b.c', '.a'], ['', '.', '..', '..a', 'a/b', long(254)]],
    ['isCIdentifier', ['a', '_1'], ['1', 'a-b', '']],
    ['isHTTPHeaderName', ['X-A'], ['', 'a b', 'a_b']],
    ['isPercent', ['1%', '100%'], ['1', '%', '-1%']],
    ['isPortName', ['http', 'a-1'], ['', '1', '-a', 'a-', 'a--b', 'A', long(16)]],
  ])('%s', (name, good, bad) => {
    const validate = names[name] as (text: string) => string[]
    expect(good.filter((text) => validate(text).length > 0)).toEqual([])
    expect(bad.filter((text) => validate(text).length === 0)).toEqual([])
  })

  it("uses upstream's texts", () => {
    expect(names.isDNS1123Label('A')).toEqual([
      `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', ${label}`,
    ])
    expect(names.isDNS1123Label('a.b')).toEqual(['must not contain dots'])
    expect(names.isDNS1123Label(long(64))).toEqual(['must be no more than 63 characters'])
    expect(names.isLabelValue(long(64))).toEqual(['must be no more than 63 bytes'])
    expect(names.isQualifiedName('')[0]).toBe('name part must be non-empty')
    expect(names.isQualifiedName('a/b/c')[0]).toMatch(/^a valid label key must consist of .*'example.com\/MyName'\)$/)
    expect(names.isPortNumber(0)).toEqual(['must be between 1 and 65535, inclusive'])
  })
})

describe('generated names', () => {
  it('fit, differ and hold no vowels', () => {
    const generated = Array.from({ length: 100 }, () => names.simpleNameGenerator('web-'))
    expect(new Set(generated).size).toBe(100)
    for (const name of generated) expect(name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(names.simpleNameGenerator(long(100))).toHaveLength(63)
  })

  it('encode digits as upstream does', () => {
    // rand.SafeEncodeString maps each byte by its value modulo the alphabet's length
    expect(names.safeEncode('0123456789')).toBe('456789bcdf')
  })
})
