import { forbidden, invalid, type FieldError, type FieldPath } from '../../../../machinery/fieldpath.ts'
import { ruleTree, type RuleNode } from '../../../structural/rules.ts'
import type { Schema } from '../../../structural/schema.ts'
import type { ValidationRule } from '../../../types/apiextensions-v1.ts'

// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go StaticEstimatedCostLimit, …CRDCostLimit
const ruleLimit = 10_000_000
const schemaLimit = 100_000_000
const unlimited = 2 ** 64
// apiserver/pkg/apis/cel/config.go MaxRequestSizeBytes
const maxRequestBytes = 3 * 1024 * 1024
const advice =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'

interface Total {
  cost: number
  expensive: { path: FieldPath; cost: number }[]
}

/** What is wrong with the expressions of a schema that is fine otherwise: they must compile, and cannot cost too much. */
// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go ValidateCustomResourceDefinitionOpenAPISchema
export function validateExpressions(path: FieldPath, schema: Schema): FieldError[] {
  const tree = ruleTree(schema)
  if (!tree) return []
  const errors: FieldError[] = []
  const total: Total = { cost: 0, expensive: [] }
  visit(tree, path, 1, undefined, total, errors)
  if (total.cost > schemaLimit) {
    const text = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    for (const one of total.expensive) errors.push(forbidden(one.path, text))
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    errors.push(forbidden(path, tooExpensive(name, total.cost, schemaLimit)))
  }
  return errors
}

/** `count`: how many of these an object can have; undefined: nobody says. `unrelated`: where old and new are not told apart. */
function visit(
  node: RuleNode,
  path: FieldPath,
  count: number | undefined,
  unrelated: FieldPath | undefined,
  total: Total,
  errors: FieldError[],
): void {
  const { schema } = node
  const below = count === undefined ? undefined : multiplied(count, elementsOf(schema))
  if (node.additional) visit(node.additional, path.child('additionalProperties'), below, unrelated, total, errors)
  for (const [name, property] of node.properties)
    visit(property, path.child('properties').key(name), below, unrelated, total, errors)
  if (node.items) {
    const related = schema['x-kubernetes-list-type'] === 'map'
    visit(node.items, path.child('items'), below, related ? unrelated : (unrelated ?? path), total, errors)
  }
  const times = count ?? Math.floor(maxRequestBytes / (node.decl.minSize + 1))
  for (const [i, compiled] of node.rules.entries()) {
    const place = path.child('x-kubernetes-validations').index(i)
    const { rule, program, message } = compiled
    const cost = multiplied(program?.estimate().max ?? 0, times) ?? unlimited
    if (cost > ruleLimit)
      errors.push(forbidden(place.child('rule'), tooExpensive('estimated rule cost', cost, ruleLimit)))
    observe(total, place.child('rule'), cost)
    if (compiled.error !== undefined) errors.push(invalid(place.child('rule'), shown(rule), compiled.error))
    const messagePath = place.child('messageExpression')
    if (compiled.messageError !== undefined) errors.push(invalid(messagePath, shown(rule), compiled.messageError))
    else if (message) {
      const { max } = message.estimate()
      if (max > ruleLimit)
        errors.push(forbidden(messagePath, tooExpensive('estimated messageExpression cost', max, ruleLimit)))
      observe(total, messagePath, max)
    }
    if (compiled.usesOldSelf && unrelated) {
      const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${unrelated.toString()}`
      errors.push(invalid(place.child('rule'), rule.rule, text))
    } else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined)
      errors.push(
        invalid(place.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      )
  }
}

// extractMaxElements; undefined: without a limit
function elementsOf({ type, additionalProperties, maxProperties, maxItems }: Schema): number | undefined {
  if (type === 'array') return maxItems === undefined ? undefined : Math.max(maxItems, 0)
  if (type !== 'object' || additionalProperties === undefined) return 1
  return maxProperties === undefined ? undefined : Math.max(maxProperties, 0)
}

const multiplied = (a: number, b: number | undefined): number | undefined =>
  b === undefined ? undefined : Math.min(a * b, unlimited)

// cel_validation.go TotalCost.ObserveExpressionCost
function observe(total: Total, path: FieldPath, cost: number): void {
  total.cost = Math.min(total.cost + cost, unlimited)
  if (cost < schemaLimit / 100) return
  total.expensive.push({ path, cost })
  total.expensive.sort((a, b) => b.cost - a.cost)
  total.expensive.length = Math.min(total.expensive.length, 4)
}

// getCostErrorMessage
function tooExpensive(name: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${name} exceeds budget by factor of ${text} ${advice}`
}

/** A rule as Go writes it where it has no names of its own for JSON. */
const shown = ({ rule, message, messageExpression, reason, fieldPath, optionalOldSelf }: ValidationRule): object => ({
  Rule: rule,
  Message: message ?? '',
  MessageExpression: messageExpression ?? '',
  Reason: reason ?? null,
  FieldPath: fieldPath ?? '',
  OptionalOldSelf: optionalOldSelf ?? null,
})
