/** A JSON object. */
export type Json = Record<string, unknown>

/** A JSON object (no array, no null)? */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object's own value under a key: never one it inherits. */
export function ownValue(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets a key that came from outside: `__proto__` becomes an ordinary one. */
export function setOwn(object: Json, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}
