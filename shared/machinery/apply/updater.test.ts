import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Field, ObjectNode, SchemaNode } from '../schema/node.ts'
import { compare } from './compare.ts'
import { Conflicts } from './conflicts.ts'
import { none, recursiveDifference, type FieldSet } from './field-set.ts'
import type { Managers } from './managers.ts'
import { applyConfiguration, updateManagers, type Typed, type Versions } from './updater.ts'

// The facts in cases/merge.json (operations, results and owners) are those of structured-merge-diff/merge/*_test.go.

interface Step {
  op: 'Apply' | 'ForceApply' | 'Update' | 'ForceUpdate'
  manager: string
  version: string
  object: object
  conflicts?: Record<string, FieldSet>
}

interface Case {
  name: string
  /** Absent: nothing is known about the object's type. */
  schema?: string
  ops: Step[]
  /** What there is in the end, in this version. */
  object?: object
  version?: string
  managed?: Record<string, { version: string; fields: FieldSet }>
  ignored?: Record<string, FieldSet>
  /** Keys of maps are a letter repeated: once in v1, twice in v2 … */
  repeating?: boolean
}

/** A type as structured-merge-diff writes it in YAML. */
interface Type {
  name?: string
  namedType?: string
  scalar?: string
  list?: { elementType: Type; elementRelationship: string; keys?: string[] }
  map?: { fields?: { name: string; type: Type; default?: unknown }[]; elementType?: Type; elementRelationship?: string }
}

const { schemas, cases } = JSON.parse(readFileSync(new URL('cases/merge.json', import.meta.url), 'utf8')) as {
  schemas: Record<string, { root: string; types: Type[] }>
  cases: Case[]
}

const scalars = { string: 'string', numeric: 'double', boolean: 'bool' } as const
const any: SchemaNode = { type: 'any', goType: '' }

function nodeOf(schema: string): SchemaNode {
  const found = schemas[schema]
  const made = new Map<string, SchemaNode>()
  const named = (name: string): SchemaNode => {
    const known = made.get(name)
    if (known) return known
    const type = found?.types.find((one) => one.name === name)
    return type ? make(type, name) : any
  }
  const make = (type: Type, name?: string): SchemaNode => {
    if (type.namedType !== undefined) return named(type.namedType)
    if (type.list) {
      const { elementType, elementRelationship, keys = [] } = type.list
      const listType = elementRelationship === 'atomic' ? 'atomic' : keys.length > 0 ? 'map' : 'set'
      return { type: 'list', goType: '', listType, mapKeys: keys, element: make(elementType) }
    }
    if (!type.map) return { type: scalars[type.scalar as 'string'] ?? 'intOrString', goType: '' }
    const { fields, elementType, elementRelationship } = type.map
    const atomic = elementRelationship === 'atomic'
    if (!fields) {
      const node = { type: 'map' as const, goType: '', atomic, value: any }
      if (name !== undefined) made.set(name, node)
      node.value = elementType ? (make(elementType) as typeof any) : any
      return node
    }
    const known = new Map<string, Field>()
    const node: ObjectNode = {
      type: 'object',
      name: '',
      goType: '',
      fields: known,
      filled: [],
      message: [],
      atomic,
      preserveUnknown: elementType !== undefined,
    }
    if (name !== undefined) made.set(name, node)
    for (const field of fields) {
      const base = { name: field.name, pointer: false, required: false, dropZero: false, patchStrategy: [] }
      const def = field.default === undefined ? {} : { default: field.default }
      known.set(field.name, { ...base, ...def, node: make(field.type) })
    }
    return node
  }
  return named(found?.root ?? '')
}

function repeated(value: unknown, times: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const entries = sorted.map(([key, item]) => [key.slice(0, 1).repeat(times), repeated(item, times)])
  return entries.length === 0 ? null : (Object.fromEntries(entries) as object)
}

// structured-merge-diff/merge/multiple_appliers_test.go repeatingConverter
function inVersion({ node, value }: Typed, version: string): Typed {
  const { mapOfMapsRecursive, ...others } = (value ?? {}) as { mapOfMapsRecursive?: unknown }
  if (mapOfMapsRecursive === undefined) return { node, value }
  return { node, value: { ...others, mapOfMapsRecursive: repeated(mapOfMapsRecursive, Number(version.slice(1))) } }
}

interface State {
  value: unknown
  managers: Managers
}

function step(state: State, node: ObjectNode, versions: Versions, { op, manager, version, object }: Step): State {
  const given: Typed = { node, value: object }
  const live = versions.convert({ node, value: state.value }, version) ?? given
  if (op.endsWith('Update'))
    return { value: object, managers: updateManagers(versions, live, given, version, state.managers, manager) }
  return applyConfiguration(versions, live, given, version, state.managers, manager, op === 'ForceApply')
}

describe("structured-merge-diff's cases", () => {
  it('are all there', () => {
    expect(cases).toHaveLength(65)
  })

  it.each(cases.map((one) => [one.name, one] as const))(
    '%s',
    (_, { schema, ops, object, managed, ignored = {}, repeating, version }) => {
      const node = (schema === undefined ? any : nodeOf(schema)) as ObjectNode
      const versions: Versions = {
        convert: (typed, version) => (repeating ? inVersion(typed, version) : typed),
        own: (set, version) => recursiveDifference(set, ignored[version] ?? none),
      }
      let state: State = { value: {}, managers: new Map() }
      for (const operation of ops) {
        try {
          state = step(state, node, versions, operation)
          if (operation.op === 'Apply') expect(operation.conflicts).toBeUndefined()
        } catch (error) {
          if (!(error instanceof Conflicts)) throw error
          expect(Object.fromEntries(error.sets)).toEqual(operation.conflicts)
        }
      }
      const end = versions.convert({ node, value: state.value }, version ?? 'v1') ?? { value: undefined }
      if (object !== undefined)
        expect(compare(node, object, end.value)).toEqual({ removed: none, modified: none, added: none })
      if (managed === undefined) return
      const owners = [...state.managers].map(([id, { apiVersion, set }]) => [id, { version: apiVersion, fields: set }])
      expect(Object.fromEntries(owners)).toEqual(managed)
    },
  )
})
