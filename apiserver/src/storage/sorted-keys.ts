import { lowerBoundBy } from './lower-bound.ts'

/** The first index whose key is not before `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  return lowerBoundBy(keys, 0, (other) => other >= key)
}

/** Adds a key that is not there yet, keeping the order. */
export function insertSorted(keys: string[], key: string): void {
  const last = keys.at(-1)
  // objects arrive in order when the cache is filled
  if (last === undefined || last < key) keys.push(key)
  else keys.splice(lowerBound(keys, key), 0, key)
}

/** Removes a key if it is there. */
export function removeSorted(keys: string[], key: string): void {
  const index = lowerBound(keys, key)
  if (keys[index] === key) keys.splice(index, 1)
}
