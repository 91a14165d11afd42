import { clone } from '@kubets/shared/machinery/deep.ts'
import { nodeOf } from '@kubets/shared/api/schemas.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { isAtomic, type Json, fieldType, shapeOf } from '@kubets/shared/machinery/apply/atoms.ts'
import { merge } from '@kubets/shared/machinery/apply/merge.ts'
import { fieldElement, printElement } from '@kubets/shared/machinery/apply/path-element.ts'
import { misfits } from '@kubets/shared/machinery/apply/validate.ts'
import { toJson } from '@kubets/shared/machinery/cel/native.ts'
import { ListValue, MapValue, StructValue, type Value } from '@kubets/shared/machinery/cel/values.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { jsonPatch } from '@kubets/shared/machinery/patch/json-patch.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { SchemaNode } from '@kubets/shared/machinery/schema/node.ts'

/** The object with what the expression's `Object{…}` sets. Throws an Error in upstream's words. */
// apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go applyConfigPatcher.Patch
export function applyConfiguration(object: KubeObject, value: Value, kind: Kind): object {
  if (!(value instanceof StructValue)) throw new Error('unsupported return type from ApplyConfiguration expression')
  checkNames(value)
  const patch = { ...(toJson(value) as Json), apiVersion: object.apiVersion, kind: object.kind }
  const node = nodeOf(kind)
  const problem = misfits(node, patch)
  if (problem !== undefined) {
    throw new Error(`error applying patch: failed to convert patch object to typed object: ${problem}`)
  }
  const atomics = findAtomics(node, patch, '')
  if (atomics.length > 0) {
    const text = `may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`
    throw new Error(`error applying patch: invalid ApplyConfiguration: ${text}`)
  }
  try {
    return merge(node, object, patch) as object
  } catch (error) {
    throw new Error(`error applying patch: failed to merge patch: ${(error as Error).message}`, { cause: error })
  }
}

// apiserver/pkg/cel/mutation/dynamic/objects.go CheckTypeNamesMatchFieldPathNames
/** Throws where `Object.spec.x{…}` is not what the field spec.x is set to. */
function checkNames(value: Value): void {
  const problems: string[] = []
  const visit = (one: Value, path: string): void => {
    if (one instanceof StructValue) {
      if (one.structName !== path) {
        const text = `unexpected type name ${quote(one.structName)}, expected ${quote(path)}`
        problems.push(`${text}, which matches field name path from root Object type`)
      }
      for (const [name, field] of one.fields) visit(field, `${path}.${name}`)
    } else if (one instanceof ListValue) {
      for (let i = 0; i < one.size; i++) visit(one.at(i), path)
    } else if (one instanceof MapValue) for (const key of one.keys()) visit(one.get(key) ?? null, path)
  }
  visit(value, value instanceof StructValue ? value.structName : '')
  if (problems.length > 0) throw new Error(`type mismatch: ${problems.slice(0, 20).join('\n')}`)
}

// apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go findAtomics
/** Where a patch sets what can only be set as a whole: the rest of it would be lost. */
function findAtomics(node: SchemaNode | undefined, value: unknown, path: string): string[] {
  if (node === undefined || typeof value !== 'object' || value === null) return []
  const shape = shapeOf(node, value)
  const found = shape !== 'scalar' && isAtomic(node, shape) && node.type !== 'any' ? [path] : []
  if (Array.isArray(value)) {
    if (node.type !== 'list') return found
    return [...found, ...value.flatMap((item, i) => findAtomics(node.element, item, `${path}[${i}]`))]
  }
  const inner = Object.entries(value as Json).flatMap(([key, item]) =>
    findAtomics(fieldType(node, key), item, path + printElement(fieldElement(key))),
  )
  return [...found, ...inner]
}

/** The object with the expression's JSON patch applied; as it was when a `test` of the patch fails. Throws an Error. */
// apiserver/pkg/admission/plugin/policy/mutating/patch/json_patch.go jsonPatcher.Patch
export function applyJsonPatch(object: KubeObject, value: Value): object {
  if (!(value instanceof ListValue)) throw new Error('type mismatch: JSONPatchType.expression should evaluate to array')
  const patch: object[] = []
  for (let i = 0; i < value.size; i++) patch.push(operationOf(value.at(i)))
  try {
    return jsonPatch(clone(object), patch) as object
  } catch (error) {
    const problem = error instanceof StatusError && typeof error.cause === 'string' ? error.cause : String(error)
    // a test that fails means that nothing is to be done
    if (problem.endsWith('failed: test failed')) return object
    throw new Error(`JSONPath: ${problem}`, { cause: error })
  }
}

function operationOf(value: Value): object {
  if (!(value instanceof StructValue)) {
    throw new Error('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch')
  }
  const set = value.fields.get('value')
  if (set instanceof StructValue) checkNames(set)
  return Object.fromEntries(
    Array.from(value.fields, ([name, field]) => [name, toJson(field)] as const).filter(
      ([name, field]) => name !== 'from' || field !== '',
    ),
  )
}
