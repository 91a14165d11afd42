import { type CelType, dynType, insideOptional, optionalType, sameType } from './types.ts'

/** What type variables stand for so far. A failed attempt leaves nothing behind. */
export class Substitutions {
  readonly #bound: Bound

  constructor(bound: ReadonlyMap<string, CelType> = new Map()) {
    this.#bound = new Bound(bound)
  }

  /** Whether each of `from` can be assigned to the `to` beside it; notes what variables have to stand for then. */
  assign(from: readonly CelType[], to: readonly CelType[]): boolean {
    const mark = this.#bound.mark()
    if (assignableList(this.#bound, from, to)) return true
    this.#bound.rollback(mark)
    return false
  }

  /** The type with its variables replaced; those that stand for nothing become dyn when `all`. */
  apply(type: CelType, all: boolean): CelType {
    switch (type.kind) {
      case 'param': {
        const found = this.#bound.get(type.name)
        if (found !== undefined) return this.apply(found, all)
        return all ? dynType : type
      }
      case 'list':
        return { kind: 'list', element: this.apply(type.element, all) }
      case 'map':
        return { kind: 'map', key: this.apply(type.key, all), value: this.apply(type.value, all) }
      case 'opaque':
        return type.params.length === 0 ? type : { ...type, params: type.params.map((param) => this.apply(param, all)) }
      case 'type':
        return type.of === undefined ? type : { kind: 'type', of: this.apply(type.of, all) }
      default:
        return type
    }
  }
}

/** A map that remembers how it was. */
class Bound {
  readonly #types: Map<string, CelType>
  readonly #undo: [string, CelType | undefined][] = []

  constructor(types: ReadonlyMap<string, CelType>) {
    this.#types = new Map(types)
  }

  get(name: string): CelType | undefined {
    return this.#types.get(name)
  }

  set(name: string, type: CelType): void {
    this.#undo.push([name, this.#types.get(name)])
    this.#types.set(name, type)
  }

  mark(): number {
    return this.#undo.length
  }

  rollback(mark: number): void {
    for (const [name, type] of this.#undo.splice(mark).reverse()) {
      if (type === undefined) this.#types.delete(name)
      else this.#types.set(name, type)
    }
  }
}

export const isDyn = (type: CelType): boolean => type.kind === 'dyn'
export const isDynOrError = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error'

function assignableList(bound: Bound, from: readonly CelType[], to: readonly CelType[]): boolean {
  return from.length === to.length && from.every((type, i) => assignable(bound, type, to[i] as CelType))
}

// cel-go checker/types.go internalIsAssignable
function assignable(bound: Bound, from: CelType, to: CelType): boolean {
  if (to.kind === 'param') {
    const { valid, known } = substitutable(bound, from, to)
    if (valid) return true
    if (known) return false
  }
  if (from.kind === 'param') return substitutable(bound, to, from).valid
  if (isDynOrError(from) || isDynOrError(to)) return true
  if (from.kind === 'null') return isNullable(to)
  if (to.kind === 'null') return isNullable(from)
  if (from.kind !== to.kind) return false
  switch (from.kind) {
    case 'list':
      return to.kind === 'list' && assignable(bound, from.element, to.element)
    case 'map':
      return to.kind === 'map' && assignableList(bound, [from.key, from.value], [to.key, to.value])
    case 'object':
      return to.kind === 'object' && from.name === to.name
    case 'opaque':
      return to.kind === 'opaque' && from.name === to.name && assignableList(bound, from.params, to.params)
    default:
      return true
  }
}

const isNullable = (type: CelType): boolean => ['opaque', 'object', 'null', 'duration', 'timestamp'].includes(type.kind)

function substitutable(
  bound: Bound,
  type: CelType,
  param: CelType & { kind: 'param' },
): { valid: boolean; known: boolean } {
  if (type.kind === 'param' && type.name === param.name) return { valid: true, known: true }
  const known = bound.get(param.name)
  if (known !== undefined) {
    if (sameType(type, known)) return { valid: true, known: true }
    if (!assignable(bound, type, known)) return { valid: false, known: true }
    bound.set(param.name, mostGeneral(type, known))
    return { valid: true, known: true }
  }
  if (occursIn(bound, param.name, type)) return { valid: false, known: false }
  bound.set(param.name, type)
  return { valid: true, known: false }
}

function occursIn(bound: Bound, name: string, type: CelType): boolean {
  switch (type.kind) {
    case 'param': {
      if (type.name === name) return true
      const found = bound.get(type.name)
      return found !== undefined && occursIn(bound, name, found)
    }
    case 'list':
      return occursIn(bound, name, type.element)
    case 'map':
      return occursIn(bound, name, type.key) || occursIn(bound, name, type.value)
    case 'opaque':
      return type.params.some((param) => occursIn(bound, name, param))
    default:
      return false
  }
}

/** The less specific of two types that are known to go together. */
export const mostGeneral = (a: CelType, b: CelType): CelType => (isLessSpecific(a, b) ? a : b)

// cel-go checker/types.go isEqualOrLessSpecific
function isLessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true
  if (isDyn(b) || b.kind === 'param') return false
  if (a.kind === 'null') return isNullable(b)
  if (b.kind === 'null') return isNullable(a)
  if (a.kind !== b.kind) return false
  if (a.kind === 'list' && b.kind === 'list') return isLessSpecific(a.element, b.element)
  if (a.kind === 'map' && b.kind === 'map') return isLessSpecific(a.key, b.key) && isLessSpecific(a.value, b.value)
  if (a.kind === 'opaque' && b.kind === 'opaque') {
    return a.name === b.name && a.params.every((param, i) => isLessSpecific(param, b.params[i] ?? dynType))
  }
  return sameType(a, b)
}

/** Inside an optional the type, else the type itself; and the way back. */
export function unwrapOptional(type: CelType): { type: CelType; wrap: (type: CelType) => CelType } {
  const inner = insideOptional(type)
  return inner === undefined ? { type, wrap: (result) => result } : { type: inner, wrap: optionalType }
}
