import { clone, deepEqual } from '../deep.ts'
import { badRequest, requestEntityTooLarge } from '../errors.ts'
import { isObject, setOwn, type Json } from './json-object.ts'
import { rejected } from './rejected.ts'

/** apiserver/pkg/endpoints/handlers/patch.go maxJSONPatchOperations */
const operationLimit = 10_000

/** apiserver/pkg/server/config.go JSONPatchMaxCopyBytes: what all copies of one patch may add up to */
const copyLimit = 3 * 1024 * 1024

type Container = Json | unknown[]

/** Why an operation does not apply, in the words of evanphx/json-patch. */
class PatchError extends Error {}

/**
 * RFC 6902, with negative indices as evanphx/json-patch has them. Takes `current` over: it is changed, also by a patch that
 * fails half way.
 * Throws a StatusError: 400 when the patch is no list of operations, 413 for more than 10,000 of them,
 * 422 when one does not apply (a failed test included).
 */
export function jsonPatch(current: object, patch: unknown): Json {
  if (!Array.isArray(patch)) {
    throw badRequest(`json: cannot unmarshal ${typeof patch} into Go value of type jsonpatch.Patch`)
  }
  if (patch.length > operationLimit) {
    const text = `The allowed maximum operations in a JSON patch is ${operationLimit}, got ${patch.length}`
    throw requestEntityTooLarge(text)
  }
  let document: unknown = current
  const copied = { bytes: 0 }
  try {
    for (const operation of patch as unknown[]) {
      if (!isObject(operation))
        throw badRequest(`json: cannot unmarshal ${typeof operation} into Go value of type jsonpatch.Operation`)
      document = apply(document, operation, copied)
    }
  } catch (error) {
    if (error instanceof PatchError) throw rejected(error.message)
    throw error
  }
  if (!isObject(document)) throw rejected('the patched document is not an object')
  return document
}

/** The document after one operation: changed in place, or another one when the path is the root. */
function apply(document: unknown, operation: Json, copied: { bytes: number }): unknown {
  const op = typeof operation['op'] === 'string' ? operation['op'] : 'unknown'
  const path = text(operation, 'path', op)
  switch (op) {
    case 'add':
      return put(
        document,
        path,
        clone(operation['value'] ?? null),
        `${op} operation does not apply: doc is missing path: "${path}"`,
      )
    case 'remove':
      remove(document, path)
      return document
    case 'replace':
      return replace(document, path, clone(operation['value'] ?? null))
    case 'move': {
      const from = text(operation, 'from', op)
      const value = valueAt(document, from, op)
      remove(document, from)
      return put(document, path, value, `move operation does not apply: doc is missing destination path: ${path}`)
    }
    case 'copy': {
      const value = clone(valueAt(document, text(operation, 'from', op), op))
      copied.bytes += JSON.stringify(value).length
      if (copied.bytes > copyLimit) throw new PatchError(tooMuchCopied(copied.bytes))
      return put(document, path, value, `copy operation does not apply: doc is missing destination path: ${path}`)
    }
    case 'test':
      test(document, path, operation['value'] ?? null)
      return document
    default:
      throw new PatchError(`Unexpected kind: ${op}`)
  }
}

// gopkg.in/evanphx/json-patch.v4 AccumulatedCopySizeError
const tooMuchCopied = (bytes: number): string =>
  `Unable to complete the copy, the accumulated size increase of copy is ${bytes}, exceeding the limit ${copyLimit}`

function text(operation: Json, name: 'path' | 'from', op: string): string {
  const value = operation[name]
  if (typeof value !== 'string') throw new PatchError(`${op} operation failed to decode ${name}: missing value`)
  return value
}

function put(document: unknown, path: string, value: unknown, missing: string): unknown {
  if (path === '') return value
  const { container, key } = find(document, path)
  if (!container) throw new PatchError(`${missing}: missing value`)
  if (!Array.isArray(container)) setOwn(container, key, value)
  else if (key === '-') container.push(value)
  else container.splice(indexIn(key, container.length + 1, container.length + 1), 0, value)
  return document
}

function remove(document: unknown, path: string): void {
  const { container, key } = find(document, path)
  if (!container) throw new PatchError(`remove operation does not apply: doc is missing path: "${path}": missing value`)
  if (Array.isArray(container)) container.splice(indexIn(key, container.length, container.length), 1)
  else if (Object.hasOwn(container, key)) delete container[key]
  else
    throw new PatchError(`error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`)
}

function replace(document: unknown, path: string, value: unknown): unknown {
  if (path === '') return value
  const { container, key } = find(document, path)
  if (!container) throw new PatchError(`replace operation does not apply: doc is missing path: ${path}: missing value`)
  if (Array.isArray(container)) container[indexIn(key, container.length, container.length)] = value
  else if (Object.hasOwn(container, key)) setOwn(container, key, value)
  else throw new PatchError(`replace operation does not apply: doc is missing key: ${path}: missing value`)
  return document
}

function test(document: unknown, path: string, expected: unknown): void {
  const actual = path === '' ? document : testedValue(document, path)
  // An absent key equals null.
  if (!sameJson(actual ?? null, expected)) throw new PatchError(`testing value ${path} failed: test failed`)
}

function testedValue(document: unknown, path: string): unknown {
  const { container, key } = find(document, path)
  if (!container) throw new PatchError(`test operation does not apply: is missing path: ${path}: missing value`)
  if (Array.isArray(container)) return container[indexIn(key, container.length, container.length)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

function sameJson(a: unknown, b: unknown): boolean {
  return a === null || b === null ? a === b : deepEqual(a, b)
}

function valueAt(document: unknown, path: string, op: 'move' | 'copy'): unknown {
  if (path === '') {
    if (op === 'move') throw new PatchError('unable to move entire document to another path: invalid state detected')
    return document
  }
  const { container, key } = find(document, path)
  if (!container)
    throw new PatchError(`${op} operation does not apply: doc is missing from path: ${path}: missing value`)
  if (Array.isArray(container)) return container[indexIn(key, container.length, container.length)]
  if (!Object.hasOwn(container, key)) throw new PatchError(`error in ${op} for path: '${path}': missing value`)
  return container[key]
}

/** The container that holds a JSON pointer's last key; no container where the way there does not exist. */
function find(document: unknown, path: string): { container?: Container; key: string } {
  const parts = path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const key = parts.pop() ?? ''
  if (parts.shift() !== '') return { key }
  let at = document
  for (const part of parts) {
    if (Array.isArray(at)) at = at[indexIn(part, at.length, at.length)] as unknown
    else if (isObject(at) && Object.hasOwn(at, part)) at = at[part]
    else return { key }
  }
  return Array.isArray(at) || isObject(at) ? { container: at, key } : { key }
}

/** A list position below `end`; negative ones count back from `size`. */
function indexIn(key: string, end: number, size: number): number {
  if (!/^[+-]?\d+$/.test(key)) throw new PatchError(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)
  const index = Number(key)
  if (index >= end || index < -size)
    throw new PatchError(`Unable to access invalid index: ${index}: invalid index referenced`)
  return index < 0 ? index + size : index
}
