import { badRequest } from '../errors.ts'
import { isObject, ownValue, setOwn, type Json } from './json-object.ts'

/**
 * RFC 7386: null removes, objects merge, everything else replaces. Takes both arguments over: `current` is changed, and
 * has parts of `patch` in it afterwards.
 * Throws a 400 StatusError when the patch is not an object.
 */
export function mergePatch(current: object, patch: unknown): Json {
  // gopkg.in/evanphx/json-patch.v4 ErrBadJSONPatch
  if (!isObject(patch)) throw badRequest('Invalid JSON Patch')
  return merge(current, patch)
}

/** Changes and returns `target`, or a new object where it is none. */
function merge(target: unknown, patch: Json): Json {
  const result = isObject(target) ? target : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === null || value === undefined) delete result[key]
    else setOwn(result, key, isObject(value) ? merge(ownValue(result, key), value) : value)
  }
  return result
}
