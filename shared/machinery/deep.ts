/** Same JSON value? Key order does not matter and a field that is undefined counts as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, i) => deepEqual(item, b[i]))
  }
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  let defined = 0
  for (const key of Object.keys(left)) {
    if (left[key] === undefined) continue
    if (!Object.hasOwn(right, key) || !deepEqual(left[key], right[key])) return false
    defined++
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) defined--
  return defined === 0
}

/** Freezes the value and everything in it; returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    // most of what is in a long map are texts: neither listing them nor a call for each pays
    for (const key in value) {
      const item: unknown = value[key]
      if (typeof item === 'object' && item !== null) deepFreeze(item)
    }
  }
  return value
}

/** A copy of a JSON value that shares nothing with it; fields that are undefined are dropped. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: unknown) => clone(item)) as T
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const item = clone((value as Record<string, unknown>)[key])
    if (item === undefined) continue
    // a plain assignment to this one key would set the prototype instead
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true })
    else copy[key] = item
  }
  return copy as T
}
