/** The types of CEL, as the checker sees them. */
export type CelType =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'list'; readonly element: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  /** A struct with known fields, by name; an environment's `fields` tells them. */
  | { readonly kind: 'object'; readonly name: string }
  /** A type of which only functions know the inside: `optional_type`, `kubernetes.Quantity` … */
  | { readonly kind: 'opaque'; readonly name: string; readonly params: readonly CelType[] }
  /** The type of a type's name. */
  | { readonly kind: 'type'; readonly of?: CelType }
  /** A type variable: of a declaration (`T`), or one the checker made while it infers. */
  | { readonly kind: 'param'; readonly name: string }

type SimpleKind =
  'dyn' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'duration' | 'timestamp'

export const dynType: CelType = { kind: 'dyn' }
export const errorType: CelType = { kind: 'error' }
export const nullType: CelType = { kind: 'null' }
export const boolType: CelType = { kind: 'bool' }
export const intType: CelType = { kind: 'int' }
export const uintType: CelType = { kind: 'uint' }
export const doubleType: CelType = { kind: 'double' }
export const stringType: CelType = { kind: 'string' }
export const bytesType: CelType = { kind: 'bytes' }
export const durationType: CelType = { kind: 'duration' }
export const timestampType: CelType = { kind: 'timestamp' }

export const listType = (element: CelType): CelType => ({ kind: 'list', element })
export const mapType = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value })
export const objectType = (name: string): CelType => ({ kind: 'object', name })
export const opaqueType = (name: string, ...params: CelType[]): CelType => ({ kind: 'opaque', name, params })
export const typeType = (of?: CelType): CelType => (of === undefined ? { kind: 'type' } : { kind: 'type', of })
export const paramType = (name: string): CelType => ({ kind: 'param', name })
export const optionalType = (of: CelType): CelType => opaqueType('optional_type', of)

/** The type inside an optional; undefined when the type is none. */
export function insideOptional(type: CelType): CelType | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? type.params[0] : undefined
}

// cel-go checker/format.go FormatCELType
/** A type as error texts show it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'error':
      return '!error!'
    case 'list':
      return `list(${formatType(type.element)})`
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`
    case 'object':
    case 'param':
      return type.name
    case 'opaque':
      return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(formatType).join(', ')})`
    case 'type':
      return type.of === undefined ? 'type' : `type(${formatType(type.of)})`
    default:
      return type.kind
  }
}

const runtimeNames: Partial<Record<CelType['kind'], string>> = {
  null: 'null_type',
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
}

/** The name that `type(x)` stands for, without parameters. */
export function typeName(type: CelType): string {
  if (type.kind === 'object' || type.kind === 'opaque' || type.kind === 'param') return type.name
  return runtimeNames[type.kind] ?? type.kind
}

/** Same type, parameters included? */
export function sameType(a: CelType, b: CelType): boolean {
  return a === b || (a.kind === b.kind && formatType(a) === formatType(b))
}

/** The types that have a name of their own in expressions. */
export const namedTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['bool', boolType],
  ['int', intType],
  ['uint', uintType],
  ['double', doubleType],
  ['string', stringType],
  ['bytes', bytesType],
  ['list', listType(dynType)],
  ['map', mapType(dynType, dynType)],
  ['null_type', nullType],
  ['type', typeType()],
  ['dyn', dynType],
  ['optional_type', optionalType(dynType)],
  ['google.protobuf.Duration', durationType],
  ['google.protobuf.Timestamp', timestampType],
])
