import { quote } from './quote.ts'

/** Where in an object something is: prints as "spec.containers[0].image". */
// apimachinery/pkg/util/validation/field/path.go Path
export class FieldPath {
  readonly #text: string

  constructor(...names: string[]) {
    this.#text = names.join('.')
  }

  static #of(text: string): FieldPath {
    return new FieldPath(text)
  }

  child(...names: string[]): FieldPath {
    const tail = names.join('.')
    return FieldPath.#of(this.#text === '' ? tail : `${this.#text}.${tail}`)
  }

  index(index: number): FieldPath {
    return FieldPath.#of(`${this.#text}[${index}]`)
  }

  key(key: string): FieldPath {
    return FieldPath.#of(`${this.#text}[${key}]`)
  }

  toString(): string {
    return this.#text === '' ? '<nil>' : this.#text
  }
}

// apimachinery/pkg/util/validation/field/errors.go ErrorType
const typeTexts = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
} as const

type FieldErrorType = keyof typeof typeTexts

const omitted = Symbol('omitted')

/** One complaint about one field. */
export interface FieldError {
  type: FieldErrorType
  field: string
  badValue?: unknown
  detail: string
}

type Path = FieldPath | string

const valueless: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'InternalError',
])

/** "spec.replicas: Invalid value: -1: must be ..." as upstream prints it. */
export function errorText(error: FieldError): string {
  return `${error.field}: ${errorBody(error)}`
}

/** The part after the field: what a Status cause carries as its message. */
// apimachinery/pkg/util/validation/field/errors.go Error.ErrorBody
export function errorBody(error: FieldError): string {
  let text: string = typeTexts[error.type]
  if (!valueless.has(error.type) && error.badValue !== omitted) text += `: ${valueText(error.badValue)}`
  return error.detail === '' ? text : `${text}: ${error.detail}`
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  return typeof value === 'string' ? quote(value) : JSON.stringify(value)
}

function make(type: FieldErrorType, path: Path, badValue: unknown, detail: string): FieldError {
  return { type, field: path.toString(), badValue, detail }
}

export const notFound = (path: Path, value: unknown): FieldError => make('FieldValueNotFound', path, value, '')
export const required = (path: Path, detail = ''): FieldError => make('FieldValueRequired', path, '', detail)
export const duplicate = (path: Path, value: unknown): FieldError => make('FieldValueDuplicate', path, value, '')
export const invalid = (path: Path, value: unknown, detail: string): FieldError =>
  make('FieldValueInvalid', path, value, detail)
/** Invalid as a whole: the text does not repeat the value. */
// apimachinery/pkg/util/validation/field/errors.go OmitValueType
export const invalidWithoutValue = (path: Path, detail: string): FieldError =>
  make('FieldValueInvalid', path, omitted, detail)
export const typeInvalid = (path: Path, value: unknown, detail: string): FieldError =>
  make('FieldValueTypeInvalid', path, value, detail)
export const forbidden = (path: Path, detail: string): FieldError => make('FieldValueForbidden', path, '', detail)
export const internalError = (path: Path, detail: string): FieldError => make('InternalError', path, undefined, detail)

/** `valid` are listed in the given order. */
export function notSupported(path: Path, value: unknown, valid: readonly string[]): FieldError {
  const detail = valid.length > 0 ? `supported values: ${valid.map(quote).join(', ')}` : ''
  return make('FieldValueNotSupported', path, value, detail)
}

/** The value itself is left out: it is too long. */
export function tooLong(path: Path, _value: unknown, maxBytes: number): FieldError {
  const unit = maxBytes === 1 ? 'byte' : 'bytes'
  return make(
    'FieldValueTooLong',
    path,
    '<value omitted>',
    maxBytes >= 0 ? `may not be more than ${maxBytes} ${unit}` : 'value is too long',
  )
}

export function tooMany(path: Path, actual: number, max: number): FieldError {
  const unit = max === 1 ? 'item' : 'items'
  return make('FieldValueTooMany', path, actual, max >= 0 ? `must have at most ${max} ${unit}` : 'has too many items')
}
