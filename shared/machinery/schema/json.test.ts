import { describe, expect, it } from 'vitest'
import { parseJson } from './json.ts'
import { parseYaml } from './yaml.ts'

describe('parseJson', () => {
  it.each([
    ['{"a":1,"b":{"a":2}}', []],
    ['{"a":1,"a":2}', ['duplicate field "a"']],
    ['{"spec":{"replicas":1,"replicas":2,"replicas":3}}', ['duplicate field "spec.replicas"']],
    ['{"l":[{"x":1},{"y":1,"y":2}]}', ['duplicate field "l[1].y"']],
    ['{"a":"b\\":\\"c","d":["e",{"f":"g"}],"h\\\\":"i"}', []],
    ['{"a" : "x" , "\\u0061":1}', ['duplicate field "a"']],
    ['{"":{"k":0}}', []],
  ])('%s', (text, problems) => {
    expect(parseJson(text, true)).toEqual({ value: JSON.parse(text), problems })
    expect(parseJson(text, false).problems).toEqual([])
  })

  it.each([
    ['', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['nope', "invalid character 'o' in literal null (expecting 'u')"],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['-a', "invalid character 'a' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['01', "invalid character '1' after top-level value"],
  ])('%j is malformed', (text, message) => {
    expect(() => parseJson(text, false)).toThrow(message)
  })

  it('refuses long text for its depth before anything is made of it', () => {
    const filled = `"${'x'.repeat(70_000)}\\"[[["`
    expect(() => parseJson('['.repeat(3_000_000), false)).toThrow('exceeded max depth')
    expect(() => parseJson(`{"a":${filled},"b":${'{"c":'.repeat(1001)}`, false)).toThrow('exceeded max depth')
    const wide = `[${filled},${'[[],{}],'.repeat(2000)}1]`
    expect(parseJson(wide, false).value).toHaveLength(2002)
    expect(() => parseJson(`["${'x'.repeat(70_000)}`, false)).toThrow('unexpected end of JSON input')
  })

  it('refuses deep nesting and keeps __proto__ a key', () => {
    expect(() => parseJson('['.repeat(2000) + ']'.repeat(2000), false)).toThrow('exceeded max depth')
    const { value } = parseJson('{"__proto__":{"x":1}}', true)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value as object)).toEqual(['__proto__'])
  })
})

describe('parseYaml', () => {
  it('reads YAML 1.1 words, keeps times as text, and knows aliases', () => {
    const text = 'a: yes\nb: "yes"\nt: 2020-01-01T00:00:00Z\ntime: 1:30\nbase: &x {k: v}\ncopy: *x\nn: 010\nz: ~\n'
    expect(parseYaml(text, true)).toEqual({
      value: {
        a: true,
        b: 'yes',
        t: '2020-01-01T00:00:00Z',
        time: '1:30',
        base: { k: 'v' },
        copy: { k: 'v' },
        n: 8,
        z: null,
      },
      problems: [],
    })
  })

  it('names repeated keys by line when asked', () => {
    const text = 'a: 1\nb:\n  c: 1\n  c: 2\na: 2\n'
    expect(parseYaml(text, false)).toEqual({ value: { a: 2, b: { c: 2 } }, problems: [] })
    expect(parseYaml(text, true).problems).toEqual([
      'yaml: unmarshal errors:\n  line 4: key "c" already set in map\n  line 5: key "a" already set in map',
    ])
  })

  it('refuses malformed text and alias bombs', () => {
    expect(() => parseYaml('a: [1\nb: 2', false)).toThrow(/^yaml: line \d+: /)
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe'].map((pair) => [...pair] as [string, string])) {
      bomb.push(`${name}: &${name} [${new Array(9).fill(`*${of}`).join(',')}]`)
    }
    expect(() => parseYaml(bomb.join('\n'), false)).toThrow(/alias/)
  })
})
