import { describe, expect, it } from 'vitest'
import { everything, labelSelectorFromObject, nothing, parseLabelSelector, selectorFromLabels } from './selector.ts'

describe('parseLabelSelector', () => {
  const labels = { app: 'web', tier: 'front', size: '5', empty: '', in: 'x' }
  it.each([
    ['', true, ''],
    ['app=web', true, 'app=web'],
    ['app==web', true, 'app==web'],
    ['app!=web', false, 'app!=web'],
    ['other!=web', true, 'other!=web'],
    [' app = web , tier = front ', true, 'app=web,tier=front'],
    ['tier=front,app=web', true, 'app=web,tier=front'],
    ['app in (web, db)', true, 'app in (db,web)'],
    ['app in (db)', false, 'app in (db)'],
    ['app notin (db)', true, 'app notin (db)'],
    ['other notin (db)', true, 'other notin (db)'],
    ['app', true, 'app'],
    ['!app', false, '!app'],
    ['!other', true, '!other'],
    ['empty=', true, 'empty='],
    ['empty=,app', true, 'app,empty='],
    ['empty in ()', true, 'empty in ()'],
    ['empty in (,a)', true, 'empty in (,a)'],
    ['empty in (a,,b)', true, 'empty in (,a,b)'],
    ['size>4', true, 'size>4'],
    ['size<5', false, 'size<5'],
    ['app>1', false, 'app>1'],
    ['in=x', true, 'in=x'],
    ['in in (in,x)', true, 'in in (in,x)'],
    ['app=in', false, 'app=in'],
    ['toString', false, 'toString'],
  ])('%j matches: %s, prints %s', (text, matches, printed) => {
    const selector = parseLabelSelector(text)
    expect([selector.matches(labels), selector.toString(), selector.empty]).toEqual([matches, printed, text === ''])
  })

  const list = 'in, notin, =, ==, !=, gt, lt'
  it.each([
    ['app=web,', "found '', expected: identifier after ','"],
    ['=web', "found '=', expected: !, identifier, or 'end of string'"],
    ['app=web tier', "found 'tier', expected: ',' or 'end of string'"],
    ['app web', `unable to parse requirement: found 'web', expected: ${list}`],
    ['app in', "unable to parse requirement: found '' expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['app in (=', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['app in (a,=)', "unable to parse requirement: found '=', expected: ',', or identifier"],
    ['app=(', "unable to parse requirement: found '(', expected: identifier"],
    ['!=web', "found '!=', expected: !, identifier, or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!app=web', "found '=', expected: ',' or 'end of string'"],
    ['app=a&b', `unable to parse requirement: values[0][app]: Invalid value: "a&b": a valid label must be`],
    ['-app', `unable to parse requirement: <nil>: Invalid value: "-app": name part must consist of`],
    [
      'app>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message)
  })
})

describe('labelSelectorFromObject', () => {
  it('means nothing when missing and everything when empty', () => {
    expect(labelSelectorFromObject(undefined)).toBe(nothing)
    expect(nothing.matches({})).toBe(false)
    expect(labelSelectorFromObject({}).empty).toBe(true)
    expect(everything.matches(undefined)).toBe(true)
  })

  it('joins labels and expressions', () => {
    const selector = labelSelectorFromObject({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'old', operator: 'DoesNotExist' },
        { key: 'zone', operator: 'Exists' },
        { key: 'x', operator: 'NotIn', values: ['y'] },
      ],
    })
    expect(selector.toString()).toBe('app=web,!old,tier in (a,b),x notin (y),zone')
    expect(selector.matches({ app: 'web', tier: 'a', zone: '' })).toBe(true)
    expect(selector.matches({ app: 'web', tier: 'a' })).toBe(false)
  })

  it('refuses what validation refuses', () => {
    const of = (operator: string, values?: string[]) =>
      labelSelectorFromObject({ matchExpressions: [{ key: 'a', operator, values }] })
    expect(() => of('Is')).toThrow('"Is" is not a valid label selector operator')
    expect(() => of('In')).toThrow("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
    expect(() => of('Exists', ['b'])).toThrow('values set must be empty for exists and does not exist')
  })

  it('takes plain label maps', () => {
    const selector = selectorFromLabels({ b: '2', a: '1' })
    expect(selector.toString()).toBe('a=1,b=2')
    expect(selector.matches({ a: '1', b: '2', c: '3' })).toBe(true)
  })
})
