import { describe, expect, it } from 'vitest'
import { Regexp } from './regexp.ts'

describe('test', () => {
  it.each([
    ['', 'abc', true],
    ['a', 'bab', true],
    ['^a', 'ba', false],
    ['^a', 'ab', true],
    ['a$', 'ba', true],
    ['a$', 'ab', false],
    ['^$', '', true],
    ['^$', 'a', false],
    ['^abc$', 'abc', true],
    ['^abc$', 'abc\n', false],
    ['a|b|c', 'xxc', true],
    ['^(a|b)*$', 'abba', true],
    ['^a{2,3}$', 'aaaa', false],
    ['^a{2,3}$', 'aaa', true],
    ['^a{2}$', 'aa', true],
    ['^a{2,}$', 'aaaaa', true],
    ['a{,2}', 'a{,2}', true],
    ['^[a-c]+$', 'abc', true],
    ['^[^a-c]+$', 'xyz', true],
    ['[]a]', ']', true],
    ['^[a\\-z]+$', 'a-z', true],
    ['^[a-]+$', 'a-', true],
    ['^\\d+$', '123', true],
    ['^\\D+$', '123', false],
    ['^\\w+$', 'a_1', true],
    ['^\\s$', '\t', true],
    ['^[\\d\\s]+$', '1 2', true],
    ['^[[:alpha:]]+$', 'abC', true],
    ['^[[:^alpha:]]+$', '123', true],
    ['^\\pL+$', 'añβ', true],
    ['^\\p{Greek}+$', 'αβγ', true],
    ['^\\P{Greek}+$', 'αβγ', false],
    ['(?i)^HELLO$', 'hello', true],
    ['(?i)^[a-z]+$', 'HELLO', true],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['\\bfoo\\b', 'a foo b', true],
    ['\\bfoo\\b', 'afoo', false],
    ['\\Bo', 'fo', true],
    ['\\Aab\\z', 'ab', true],
    ['^\\x41\\x{1F600}$', 'A😀', true],
    ['^.$', '😀', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['^\\Qa.b\\E$', 'axb', false],
    ['(?P<name>a)(?<other>b)', 'ab', true],
    ['(?:ab)+c', 'ababc', true],
    ['^(?:a*)*b$', 'aaaaac', false],
    ['x*', '', true],
    ['^a??b$', 'ab', true],
    ['\\.', '.', true],
    ['a\\/b', 'a/b', true],
  ])('%s on %j', (pattern, text, wanted) => {
    expect(new Regexp(pattern).test(text)).toBe(wanted)
    // a boundary that always holds makes it go the other way
    expect(new Regexp(`(?:${pattern})(?:\\b|\\B)`).test(text)).toBe(wanted)
  })
})

describe('find', () => {
  it.each([
    ['a+', 'xaaay', ['aaa']],
    ['a+?', 'xaaay', ['a', 'a', 'a']],
    ['a|ab', 'ab', ['a']],
    ['ab|a', 'ab', ['ab']],
    ['[0-9]+', '1 22 333', ['1', '22', '333']],
    ['x*', 'ab', ['', '', '']],
    ['a*', 'baab', ['', 'aa', '']],
    ['(?U)a+', 'aa', ['a', 'a']],
    ['b', 'aaa', []],
  ])('%s in %j', (pattern, text, wanted) => {
    expect(new Regexp(pattern).findAll(text, Infinity)).toEqual(wanted)
    expect(new Regexp(pattern).find(text)).toBe(wanted[0])
  })
})

describe('what is no pattern', () => {
  it.each([
    ['(', 'missing closing ): `(`'],
    [')', 'unexpected ): `)`'],
    ['[a', 'missing closing ]: `[a`'],
    ['*', 'missing argument to repetition operator: `*`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['a{2,1}', 'invalid repeat count: `{2,1}`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['\\8', 'invalid escape sequence: `\\8`'],
    ['a\\', 'trailing backslash at end of expression: ``'],
    ['\\p{Nope}', 'invalid character class range: `\\p{Nope}`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?P<1 x>a)', 'invalid named capture: `(?P<1 x>`'],
    ['((a{0,100}){0,100}){0,100}', 'expression too large: `((a{0,100}){0,100}){0,100}`'],
  ])('%s', (pattern, problem) => {
    expect(() => new Regexp(pattern)).toThrow(`error parsing regexp: ${problem}`)
  })

  it('nests too deeply', () => {
    expect(() => new Regexp('('.repeat(5000))).toThrow('expression nests too deeply')
  })
})

it('tells what it does, so that it can be ended', () => {
  const pattern = new Regexp('(x+x+)+y')
  let steps = 0
  expect(pattern.test('x'.repeat(100_000), (n) => (steps += n))).toBe(false)
  expect(steps).toBeGreaterThan(1000)
  expect(() =>
    pattern.findAll('x'.repeat(100_000), Infinity, (n) => {
      if ((steps += n) > 50_000) throw new Error('enough')
    }),
  ).toThrow('enough')
})
