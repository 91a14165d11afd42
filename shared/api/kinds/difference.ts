import { deepEqual } from '../../machinery/deep.ts'

/**
 * Which fields of two objects differ, a line for what was (`-`) and one for what is (`+`). Upstream prints a Go structure
 * at these places, for people to read.
 */
export function differenceText(old: object, now: object): string {
  const before = old as Record<string, unknown>
  const after = now as Record<string, unknown>
  const lines: string[] = []
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (deepEqual(before[field], after[field])) continue
    if (before[field] !== undefined) lines.push(`- ${field}: ${JSON.stringify(before[field])}`)
    if (after[field] !== undefined) lines.push(`+ ${field}: ${JSON.stringify(after[field])}`)
  }
  return lines.join('\n')
}
