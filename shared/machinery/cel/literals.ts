import { type Call, type Expr, partsOf } from './ast.ts'
import type { Checked } from './checker.ts'
import { Regexp } from '../re2/regexp.ts'
import { parseDuration, parseTimestamp } from './library/time-text.ts'
import type { Issue } from './source.ts'
import { dynType, formatType, insideOptional } from './types.ts'

const isRegexp = (text: string): boolean => {
  try {
    new Regexp(text)
    return true
  } catch {
    return false
  }
}

/** Functions whose argument can be seen to be wrong when it is written out, and which argument that is. */
const rules: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: isRegexp,
}

// cel-go cel/validator.go: the validators that apiserver/pkg/cel/environment/base.go names
/** Literals that will fail whenever they are evaluated, and lists and maps of values that are not alike. */
export function literalIssues(checked: Checked): Issue[] {
  const issues: Issue[] = []
  const seen = new Set<Expr>()
  const visit = (expr: Expr, mixed: boolean): void => {
    if (seen.has(expr)) return
    seen.add(expr)
    if (expr.kind === 'call') issues.push(...wrongArgument(expr))
    if (expr.kind === 'list' && !mixed) {
      issues.push(...unlike(checked, expr.elements, expr.optional))
    } else if (expr.kind === 'map' && !mixed) {
      const optional = new Set(expr.entries.flatMap((entry, i) => (entry.optional ? [i] : [])))
      issues.push(
        ...unlike(
          checked,
          expr.entries.map(({ key }) => key),
          new Set(),
        ),
      )
      issues.push(
        ...unlike(
          checked,
          expr.entries.map(({ value }) => value),
          optional,
        ),
      )
    }
    // what is formatted may be of any type
    const isFormat = expr.kind === 'call' && expr.name === 'format'
    for (const part of partsOf(expr)) visit(part, mixed || isFormat)
  }
  visit(checked.expr, false)
  return issues
}

function wrongArgument(expr: Call): Issue[] {
  const holds = Object.hasOwn(rules, expr.name) ? rules[expr.name] : undefined
  const arg = expr.args.at(-1)
  if (holds === undefined || arg?.kind !== 'literal' || typeof arg.value !== 'string') return []
  return holds(arg.value) ? [] : [{ offset: arg.offset, message: `invalid ${expr.name} argument` }]
}

/** The first value of another type than the first. */
function unlike({ types }: Checked, exprs: readonly Expr[], optional: ReadonlySet<number>): Issue[] {
  let wanted: string | undefined
  for (const [i, expr] of exprs.entries()) {
    const type = types.get(expr) ?? dynType
    const found = formatType((optional.has(i) ? insideOptional(type) : undefined) ?? type)
    wanted ??= found
    if (wanted !== found) {
      return [{ offset: expr.offset, message: `expected type '${wanted}' but found '${found}'` }]
    }
  }
  return []
}
