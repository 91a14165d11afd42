import { describe, expect, it } from 'vitest'
import { baseEnvironment, compile, extend } from './environment.ts'
import { toJson, toValue } from './native.ts'
import { dynType } from './types.ts'
import { EvalError } from './errors.ts'

const environment = extend(baseEnvironment, { variables: { object: dynType } })
const object = toValue({ list: Array.from({ length: 300 }, (_, i) => i), text: 'a'.repeat(20_000), map: { a: 1 } })

/** How it ended, whatever the source is: issues, a value or an error, nothing thrown. */
function end(source: string): string {
  const compiled = compile(source, environment)
  if ('issues' in compiled) return 'issues'
  compiled.program.estimate()
  const outcome = compiled.program.evaluate({ object })
  if ('error' in outcome) return outcome.error.message
  try {
    toJson(outcome.value)
  } catch (error) {
    if (!(error instanceof EvalError)) throw error
  }
  return 'value'
}

const nest = (open: string, close: string, times: number): string => open.repeat(times) + '1' + close.repeat(times)

describe('no expression is too much', { timeout: 60_000 }, () => {
  it.each([
    ['parentheses', nest('(', ')', 50_000), 'issues'],
    ['lists', nest('[', ']', 50_000), 'issues'],
    ['a ladder of lists', nest('[', ']', 240), 'value'],
    ['signs', `${'-'.repeat(90_000)}1`, 'value'],
    ['a long sum', Array.from({ length: 5000 }, () => '1').join('+'), 'issues'],
    ['a long chain of fields', `object${'.a'.repeat(40_000)}`, 'issues'],
    ['a long disjunction', Array.from({ length: 9000 }, () => 'true').join('||'), 'value'],
    ['many equalities', Array.from({ length: 9000 }, () => '1==1').join('&&'), 'value'],
    ['too long', `'${'a'.repeat(100_001)}'`, 'issues'],
    ['a string without an end', `'${'a'.repeat(50_000)}`, 'issues'],
    [
      'nested optMap',
      `optional.of(1)${'.optMap(x, x)'.repeat(100)}`,
      'operation cancelled: actual cost limit exceeded',
    ],
    [
      'loops in loops',
      'object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))',
      'operation cancelled: actual cost limit exceeded',
    ],
    [
      'a list that doubles',
      `[[1]].map(a, ${'a+'.repeat(9)}a)${'.map(a, a+a+a+a+a+a+a+a+a+a)'.repeat(12)}.size()`,
      'operation interrupted',
    ],
    ['a pattern with loops in loops', "object.text.matches('^(a|aa|a*)*$|b{1000}')", 'value'],
    ['a large pattern', "object.text.matches('((a{0,30}){0,30}){0,30}x')", 'issues'],
    ['a search that compares much', "object.text.contains(object.text.substring(1) + 'b')", 'operation interrupted'],
    ['a key named __proto__', "{'__proto__': 1}.__proto__ == 1", 'value'],
    ['a format of much', "'%s'.format([object.list.map(a, object.list)])", 'value'],
  ])('%s', (_, source, wanted) => {
    expect(end(source)).toBe(wanted)
  })
})

/** A sequence of numbers that is the same on each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state
  }
}

const words = (
  'object list text map a x 1 2u 1.5 "s" b\'\\x01\' true null + - * / % == != < >= && || ! ? : . , ( ) [ ] { } in ' +
  'all( exists( map( filter( has( size( int( string( duration( timestamp( matches( split( join( format( sum( ' +
  "optional.of( .?a [?0] orValue( 'a*' x, optMap( type( dyn( transformMap( 9223372036854775807 // \n \\ ` @ é 😀"
).split(' ')

describe('no text makes it fail', { timeout: 60_000 }, () => {
  it('random words', () => {
    const next = numbers(7)
    for (let round = 0; round < 3000; round++) {
      const length = 1 + (next.next().value % 14)
      const source = Array.from({ length }, () => words[next.next().value % words.length]).join(
        next.next().value % 2 === 0 ? ' ' : '',
      )
      expect(typeof end(source)).toBe('string')
    }
  })

  it('expressions with something cut out', () => {
    const next = numbers(11)
    const whole =
      "object.list.filter(x, x % 2 == 0).map(x, {'k': string(x) + 'a', 'l': [x, x * 2]}).all(m, m.k.matches('^[0-9]+a$') " +
      "&& m.l.exists(i, i > 1 || has(m.z)) ? object.text.split('a').size() > 1 : timestamp('2020-01-01T00:00:00Z') < dyn(1))"
    for (let round = 0; round < 1500; round++) {
      const at = next.next().value % whole.length
      const source = whole.slice(0, at) + whole.slice(at + 1 + (next.next().value % 9))
      expect(typeof end(source)).toBe('string')
    }
  })
})
