import type { ObjectNode, ScalarType, SchemaNode } from '../schema/node.ts'
import type { Structs } from './environment.ts'
import { escapeName } from './escaping.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from './types.ts'

const scalars: Partial<Record<ScalarType, CelType>> = {
  string: stringType,
  quantity: stringType,
  duration: stringType,
  bool: boolType,
  int32: intType,
  int64: intType,
  double: doubleType,
  bytes: bytesType,
  time: timestampType,
  microTime: timestampType,
  // what it is shows when it is evaluated
  intOrString: dynType,
}

// apiserver/pkg/cel/common/schemas.go SchemaDeclType, over what a kind's OpenAPI schema says
/**
 * The type of a built-in kind's objects, under the given name, with its structs: they are named after where they are, and made
 * as they are asked for, since a schema may lead back to itself.
 */
export function typesOfNode(root: ObjectNode, name: string): { type: CelType; structs: Structs } {
  const nodes = new Map<string, ObjectNode>([[name, root]])
  const typeOf = (node: SchemaNode, path: string): CelType | undefined => {
    switch (node.type) {
      case 'object':
        nodes.set(path, node)
        return objectType(path)
      case 'list': {
        const element = typeOf(node.element, `${path}.@idx`)
        return element && listType(element)
      }
      case 'map': {
        const value = typeOf(node.value, `${path}.@elem`)
        return value && mapType(stringType, value)
      }
      case 'union':
        return undefined
      default:
        return scalars[node.type]
    }
  }
  const structs: Structs = (struct) => {
    const node = nodes.get(struct)
    if (node === undefined) return undefined
    return (field) => {
      for (const [property, { node: inner }] of node.fields) {
        if (escapeName(property) === field) return typeOf(inner, `${struct}.${field}`)
      }
      return undefined
    }
  }
  return { type: objectType(name), structs }
}
