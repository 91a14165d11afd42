import type { Field, SchemaNode } from './node.ts'

/** Go's zero value of a type as JSON shows it; undefined where that is null. A new object each time. */
export function zeroOf(node: SchemaNode): unknown {
  switch (node.type) {
    case 'object': {
      const object: Record<string, unknown> = {}
      for (const field of node.filled) object[field.name] = zeroOfField(field)
      return object
    }
    case 'list':
      return []
    case 'map':
      return {}
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0
    case 'quantity':
      return '0'
    case 'duration':
      return '0s'
    default:
      return undefined
  }
}

/** What a field that Go cannot leave out is when nobody sets it. */
export function zeroOfField({ node, nullable }: Field): unknown {
  return nullable ? null : zeroOf(node)
}
