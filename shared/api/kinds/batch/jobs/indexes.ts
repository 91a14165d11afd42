import { invalid, type FieldError, type FieldPath } from '../../../../machinery/fieldpath.ts'

const whole = /^[+-]?\d+$/

/** How many indexes `1,3-5,7` names. Throws an Error that says what cannot be read, in upstream's words. */
// pkg/apis/batch/validation/validation.go validateIndexesFormat, parseIndexInterval
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0
  let total = 0
  let last: number | undefined
  for (const interval of text.split(',')) {
    const limits = interval.split('-')
    if (limits.length > 2)
      throw new Error(
        `the fragment "${interval}" violates the requirement that an index interval can have at most two parts separated by '-'`,
      )
    const first = readIndex(limits[0] ?? '')
    if (first >= completions) throw new Error(`too large index: "${limits[0]}"`)
    let end = first
    if (limits.length > 1) {
      end = readIndex(limits[1] ?? '')
      if (end >= completions) throw new Error(`too large index: "${limits[1]}"`)
      if (first >= end) throw new Error(`non-increasing order, previous: ${first}, current: ${end}`)
    }
    if (last !== undefined && last >= first)
      throw new Error(`non-increasing order, previous: ${last}, current: ${first}`)
    total += end - first + 1
    last = end
  }
  return total
}

function readIndex(text: string): number {
  if (!whole.test(text)) throw new Error(`cannot convert string to integer for index: "${text}"`)
  return Number(text)
}

/** Adds what is wrong with a list of indexes in a field; returns how many it names, 0 where it cannot be read. */
export function checkIndexes(
  text: string,
  completions: number,
  path: FieldPath,
  name: string,
  errors: FieldError[],
): number {
  try {
    return countIndexes(text, completions)
  } catch (error) {
    errors.push(invalid(path, text, `error parsing ${name}: ${(error as Error).message}`))
    return 0
  }
}
