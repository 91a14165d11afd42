import { duplicate, tooMany, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'

type CheckItem<T> = (item: T, path: FieldPath, errors: FieldError[]) => void

/** Adds what is wrong with each item; of a list that is too long, only that. False: it is. */
// pkg/apis/resource/validation/validation.go validateSlice
export function checkList<T>(
  items: readonly T[] = [],
  max: number,
  check: CheckItem<T>,
  path: FieldPath,
  errors: FieldError[],
): boolean {
  if (items.length > max) {
    errors.push(tooMany(path, items.length, max))
    return false
  }
  for (const [i, item] of items.entries()) check(item, path.index(i), errors)
  return true
}

/** As checkList, of items that differ in their keys. */
// pkg/apis/resource/validation/validation.go validateSet
export function checkSet<T>(
  items: readonly T[] = [],
  max: number,
  check: CheckItem<T>,
  keyOf: (item: T) => unknown,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!checkList(items, max, check, path, errors)) return
  const seen = new Set<string>()
  for (const [i, item] of items.entries()) {
    const value = keyOf(item)
    const key = JSON.stringify(value)
    if (seen.has(key)) errors.push(duplicate(path.index(i), value))
    seen.add(key)
  }
}

/** Adds what is wrong with the keys and values of a map: keys are named in full, or their ends if they are long. */
// pkg/apis/resource/validation/validation.go validateMap
export function checkMap<T>(
  map: Readonly<Record<string, T>> = {},
  { max, shownKey }: { max: number; shownKey: number },
  checkKey: (key: string, path: FieldPath, errors: FieldError[]) => void,
  checkValue: CheckItem<T>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const entries = Object.entries(map)
  if (entries.length > max) {
    errors.push(tooMany(path, entries.length, max))
    return
  }
  for (const [key, value] of entries) {
    checkKey(key, path, errors)
    checkValue(value, path.key(shortened(key, shownKey)), errors)
  }
}

function shortened(text: string, max: number): string {
  if (text.length <= max) return text
  const left = max - '...'.length
  return `${text.slice(0, Math.floor((left + 1) / 2))}...${text.slice(text.length - Math.floor(left / 2))}`
}
