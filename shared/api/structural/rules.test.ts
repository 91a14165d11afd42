import { describe, expect, it } from 'vitest'
import { errorText, FieldPath } from '../../machinery/fieldpath.ts'
import { validateExpressions } from '../kinds/apiextensions/customresourcedefinitions/rule-costs.ts'
import { ruleTree } from './rules.ts'
import { runRules } from './run-rules.ts'
import type { Schema } from './schema.ts'

const withRules = (...rules: object[]): Schema =>
  ({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        'x-kubernetes-validations': rules,
        properties: {
          min: { type: 'integer' },
          max: { type: 'integer' },
          name: { type: 'string', maxLength: 20 },
          list: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } },
        },
      },
    },
  }) as Schema

function run(rule: object, spec: object, old?: object): string[] {
  const tree = ruleTree(withRules(rule))
  if (!tree) throw new Error('the schema has rules')
  return runRules(tree, new FieldPath(), { spec }, old && { spec: old }).map(errorText)
}

describe('runRules', () => {
  const order = { rule: 'self.min <= self.max' }

  it.each<[string, object, object, object | undefined, string[]]>([
    ['holds', order, { min: 1, max: 2 }, undefined, []],
    ['fails', order, { min: 3, max: 2 }, undefined, ['spec: Invalid value: failed rule: self.min <= self.max']],
    ['a message', { ...order, message: 'order!' }, { min: 3, max: 2 }, undefined, ['spec: Invalid value: order!']],
    [
      'a message of its own making',
      { ...order, messageExpression: "'min is ' + string(self.min)" },
      { min: 3, max: 2 },
      undefined,
      ['spec: Invalid value: min is 3'],
    ],
    [
      'a reason and a field',
      { ...order, message: 'no', reason: 'FieldValueForbidden', fieldPath: '.min' },
      { min: 3, max: 2 },
      undefined,
      ['spec.min: Forbidden: no'],
    ],
    [
      'an error',
      { rule: 'self.min > 0' },
      { max: 1 },
      undefined,
      ['spec: Invalid value: "object": no such key: min evaluating rule: self.min > 0'],
    ],
    ['a transition on create', { rule: 'self.min >= oldSelf.min' }, { min: 1 }, undefined, []],
    ['a transition that holds', { rule: 'self.min >= oldSelf.min' }, { min: 2 }, { min: 1 }, []],
    [
      'a transition that does not',
      { rule: 'self.min >= oldSelf.min' },
      { min: 1 },
      { min: 2 },
      ['spec: Invalid value: failed rule: self.min >= oldSelf.min'],
    ],
    [
      'an optional old value',
      { rule: 'oldSelf.hasValue() || self.min == 1', optionalOldSelf: true },
      { min: 2 },
      undefined,
      ['spec: Invalid value: failed rule: oldSelf.hasValue() || self.min == 1'],
    ],
    ['what was wrong before', order, { min: 3, max: 2 }, { min: 3, max: 2 }, []],
  ])('%s', (_, rule, spec, old, errors) => {
    expect(run(rule, spec, old)).toEqual(errors)
  })
})

describe('validateExpressions', () => {
  it.each<[string, object, string]>([
    [
      'does not compile',
      { rule: 'self.none == 1' },
      `spec.schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.none == 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'none'`,
    ],
    ['is no bool', { rule: 'self.min' }, 'cel expression must evaluate to a bool'],
    [
      'has a message that is no text',
      { rule: 'true', messageExpression: 'self.min' },
      'messageExpression must evaluate to a string',
    ],
    [
      'has no use for the old value',
      { rule: 'self.min == 1', optionalOldSelf: true },
      'optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule',
    ],
  ])('tells of a rule that %s', (_, rule, text) => {
    const [error] = validateExpressions(new FieldPath('spec', 'schema'), withRules(rule))
    expect(error && errorText(error)).toContain(text)
  })

  it('limits what a rule can cost', () => {
    const schema = {
      type: 'object',
      properties: {
        list: {
          type: 'array',
          items: { type: 'string' },
          'x-kubernetes-validations': [{ rule: 'self.all(a, self.all(b, a == b))' }],
        },
      },
    } as Schema
    const texts = validateExpressions(new FieldPath('s'), schema).map(errorText)
    expect(texts[0]).toContain(
      's.properties[list].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    )
    expect(texts.at(-1)).toContain('s: Forbidden: x-kubernetes-validations estimated rule cost total for entire')
  })

  it('refuses transitions where old and new cannot be told apart', () => {
    const schema = {
      type: 'object',
      properties: {
        list: {
          type: 'array',
          maxItems: 2,
          items: { type: 'string', maxLength: 3, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
        },
      },
    } as Schema
    expect(validateExpressions(new FieldPath('s'), schema).map(errorText)).toEqual([
      's.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[list]',
    ])
  })
})
