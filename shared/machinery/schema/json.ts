import { atOnce, type Steps } from '../slices.ts'
import { depthLimit, JsonSyntaxError, scanJson } from './json-scanner.ts'
import { checkingSize, endOfString } from './json-size.ts'

export interface Parsed {
  value: unknown
  /** Repeated keys, e.g. `duplicate field "spec.replicas"`; the last one's value counts. */
  problems: string[]
}

const longText = 64 * 1024

/**
 * Parses JSON text. Repeated keys are looked for only on request, and cost little where there are none.
 * Throws JsonSyntaxError, also for text nested deeper than 1000 levels, and a StatusError (413) for text that holds more than
 * an object can.
 */
export function parseJson(text: string, findDuplicates: boolean): Parsed {
  return atOnce(parsing(text, findDuplicates))
}

/** parseJson in steps. */
export function* parsing(text: string, findDuplicates: boolean): Steps<Parsed> {
  // JSON.parse goes down to the bottom first, which takes a second for some MiB of brackets
  if (text.length > longText) yield* checkingSize(text)
  let value: unknown
  try {
    // JSON.parse makes __proto__ an ordinary property of the object's own.
    value = JSON.parse(text)
  } catch (error) {
    scanJson(text)
    throw new JsonSyntaxError(error instanceof Error ? error.message : String(error), 0)
  }
  if (text.length > longText) yield
  const keys = countKeys(value, 0)
  if (text.length > longText) yield
  if (!findDuplicates || keys === countKeysIn(text)) return { value, problems: [] }
  return { value, problems: scanJson(text) }
}

/** Keys in a parsed value, at any depth. */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > depthLimit) throw new JsonSyntaxError('exceeded max depth', 0)
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (typeof item === 'object') count += countKeys(item, depth + 1)
    return count
  }
  const keys = Object.keys(value)
  count = keys.length
  for (const key of keys) {
    const item = (value as Record<string, unknown>)[key]
    if (typeof item === 'object') count += countKeys(item, depth + 1)
  }
  return count
}

const quote = 0x22
const colon = 0x3a

/** Keys in valid JSON text: strings with a colon behind them. */
function countKeysIn(text: string): number {
  let count = 0
  let at = text.indexOf('"')
  while (at >= 0) {
    const end = endOfString(text, at)
    if (end < 0) break
    let next = end + 1
    while (text.charCodeAt(next) <= 0x20) next++
    if (text.charCodeAt(next) === colon) count++
    at = text.charCodeAt(next) === quote ? next : text.indexOf('"', next)
  }
  return count
}
