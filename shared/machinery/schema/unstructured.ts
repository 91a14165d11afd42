import type { SchemaNode } from './node.ts'

type Shape = 'string' | 'bool' | 'int64' | 'float64' | 'slice' | 'map'

/** Go's kind of a field's type, for those that hold one value. */
const kinds: Readonly<Partial<Record<SchemaNode['type'], string>>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
}

/** Why a value of a map cannot become a field of this type, in the words of upstream's conversion. */
// apimachinery/pkg/runtime/converter.go fromUnstructured
export function cannotRestore(node: SchemaNode, value: unknown): string {
  const shape = shapeOf(value)
  const kind = kinds[node.type]
  if (kind !== undefined) {
    // what reflection could convert is named, though JSON's groups of types do not mix
    const isNumber = shape === 'int64' || shape === 'float64'
    const convertible = isNumber && kind !== 'bool' && (kind !== 'string' || shape === 'int64')
    return convertible ? `cannot convert ${shape} to ${node.goType}` : `unrecognized type: ${kind}`
  }
  if (node.type === 'list' || node.type === 'bytes') return `cannot restore slice from ${shape}`
  if (node.type === 'map') return `cannot restore map from ${shape}`
  return `cannot restore struct from: ${shape}`
}

function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return 'map'
}
