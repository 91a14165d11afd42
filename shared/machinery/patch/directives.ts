import { badRequest, StatusError } from '../errors.ts'
import { isObject, type Json } from './json-object.ts'

export const patchDirective = '$patch'
export const retainKeysDirective = '$retainKeys'
export const deleteListPrefix = '$deleteFromPrimitiveList'
export const elementOrderPrefix = '$setElementOrder'

// apimachinery/pkg/util/mergepatch/errors.go; apiserver/pkg/endpoints/handlers/patch.go interpretStrategicMergePatchError
export const badPrimitiveList = (): StatusError => badRequest('invalid patch format of primitive list')
export const badRetainKeys = (): StatusError => badRequest('invalid patch format of retainKeys')
export const badElementOrder = (): StatusError => badRequest('invalid patch format of setElementOrder list')

/** A mistake in a patch for which upstream has no status of its own: 500 without a reason. */
export function unmergeable(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 })
}

export const unknownPatchType = (type: unknown, map: Json): StatusError =>
  unmergeable(`unknown patch type: ${goText(type)} in map: ${goText(map)}`)

export const noMergeKey = (map: Json, key: string): StatusError =>
  unmergeable(`map: ${goText(map)} does not contain declared merge key: ${key}`)

/** `$setElementOrder/ports` → `ports`. */
export function listOf(key: string, prefix: string, malformed: () => StatusError): string {
  if (!key.startsWith(`${prefix}/`)) throw malformed()
  return key.slice(prefix.length + 1)
}

/** A patch's value as it is stored where there was nothing to merge with: no nulls, no directives. Changed in place. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return (value as unknown[]).map(withoutDirectives).filter((item) => item !== undefined)
  }
  if (!isObject(value)) return value
  if (Object.hasOwn(value, patchDirective)) return undefined
  for (const key of Object.keys(value)) {
    const kept = value[key] === null ? undefined : withoutDirectives(value[key])
    if (kept === undefined) delete value[key]
    else if (kept !== value[key]) value[key] = kept
  }
  return value
}

/** A value as Go's %v prints it. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return value === null ? '<nil>' : String(value)
  const entries = Object.keys(value).sort()
  return `map[${entries.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`
}
