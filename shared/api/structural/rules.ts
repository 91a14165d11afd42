import { declareSchema, type Decl } from '../../machinery/cel/decl.ts'
import { baseEnvironment, compile, extend, type Environment, type Program } from '../../machinery/cel/environment.ts'
import { escapeName } from '../../machinery/cel/escaping.ts'
import { boolType, formatType, optionalType, stringType } from '../../machinery/cel/types.ts'
import type { ValidationRule } from '../types/apiextensions-v1.ts'
import { additionalOf, isEmbedded, itemsOf, type Schema } from './schema.ts'

/** One of x-kubernetes-validations, ready to run; what is wrong with it otherwise. */
export interface CompiledRule {
  readonly rule: ValidationRule
  readonly program?: Program
  readonly error?: string
  readonly usesOldSelf: boolean
  readonly message?: Program
  readonly messageError?: string
}

/** A part of a schema with rules in it. */
export interface RuleNode {
  readonly schema: Schema
  readonly decl: Decl
  readonly rules: readonly CompiledRule[]
  readonly items?: RuleNode
  readonly additional?: RuleNode
  readonly properties: ReadonlyMap<string, RuleNode>
}

/** The parts of a resource's schema that have rules, compiled; undefined when there are none. */
// apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go NewValidator
export function ruleTree(schema: Schema): RuleNode | undefined {
  return node(schema, declareSchema(schema, 'selfType', true))
}

function node(schema: Schema, decl: Decl | undefined): RuleNode | undefined {
  if (!decl) return undefined
  const items = itemsOf(schema)
  const additional = additionalOf(schema)
  const itemsNode = items && node(items, decl.element)
  const additionalNode = additional && node(additional, decl.element)
  const properties = new Map<string, RuleNode>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const escaped = escapeName(name)
    const known =
      escaped === undefined
        ? declareSchema(property, 'selfType', isEmbedded(property))
        : decl.fields?.get(escaped)?.decl
    const child = node(property, known)
    if (child) properties.set(name, child)
  }
  const rules = compileRules(schema, decl)
  if (rules.length === 0 && !itemsNode && !additionalNode && properties.size === 0) return undefined
  return {
    schema,
    decl,
    rules,
    properties,
    ...(itemsNode ? { items: itemsNode } : {}),
    ...(additionalNode ? { additional: additionalNode } : {}),
  }
}

// apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go Compile
function compileRules(schema: Schema, decl: Decl): CompiledRule[] {
  const rules = schema['x-kubernetes-validations'] ?? []
  if (rules.length === 0) return []
  const alone = extend(baseEnvironment, { variables: { self: decl } })
  const both = extend(alone, { variables: { oldSelf: decl } })
  const optional = extend(alone, { variables: { oldSelf: optionalType(decl.type) } })
  return rules.map((rule) => compileRule(rule, alone, rule.optionalOldSelf ? optional : both))
}

function compileRule(rule: ValidationRule, alone: Environment, both: Environment): CompiledRule {
  if ((rule.rule ?? '').trim() === '') return { rule, usesOldSelf: false }
  const compiled = compile(rule.rule, both)
  if ('issues' in compiled) return { rule, usesOldSelf: false, error: `compilation failed: ${compiled.issues}` }
  const { program } = compiled
  // what only compiles where there is an oldSelf speaks of it
  const usesOldSelf = 'issues' in compile(rule.rule, alone)
  if (formatType(program.type) !== formatType(boolType))
    return { rule, usesOldSelf, error: 'cel expression must evaluate to a bool' }
  if (!rule.messageExpression) return { rule, usesOldSelf, program }
  const message = compile(rule.messageExpression, both)
  if ('issues' in message)
    return { rule, usesOldSelf, program, messageError: `messageExpression compilation failed: ${message.issues}` }
  if (formatType(message.program.type) !== formatType(stringType))
    return { rule, usesOldSelf, program, messageError: 'messageExpression must evaluate to a string' }
  return { rule, usesOldSelf, program, message: message.program }
}
