import type { Overload } from './functions.ts'
import type { CelType } from './types.ts'
import {
  Duration,
  ListValue,
  MapValue,
  OpaqueValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './values.ts'

/** Whether an overload can be called with these arguments; what is inside lists and maps is not looked at. */
export function accepts({ params }: Overload, args: readonly Value[]): boolean {
  if (params.length !== args.length) return false
  for (let i = 0; i < args.length; i++) if (!isOf(params[i] as CelType, args[i] as Value)) return false
  return true
}

function isOf(type: CelType, value: Value): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'error':
    case 'param':
      return true
    case 'null':
      return value === null
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'bigint'
    case 'uint':
      return value instanceof Uint
    case 'double':
      return typeof value === 'number'
    case 'string':
      return typeof value === 'string'
    case 'bytes':
      return value instanceof Uint8Array
    case 'duration':
      return value instanceof Duration
    case 'timestamp':
      return value instanceof Timestamp
    case 'list':
      return value instanceof ListValue
    case 'map':
    case 'object':
      return value instanceof MapValue
    case 'type':
      return value instanceof TypeValue
    case 'opaque':
      if (type.name === 'optional_type') return value instanceof Optional
      return value instanceof OpaqueValue && value.type.kind === 'opaque' && value.type.name === type.name
  }
}
