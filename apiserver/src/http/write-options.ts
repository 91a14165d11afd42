import { invalid } from '@kubets/shared/machinery/errors.ts'
import {
  forbidden,
  invalid as invalidField,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from '@kubets/shared/machinery/fieldpath.ts'

const managerLimit = 128
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

/** What is wrong with the options of a request. Throws 422. */
// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateCreateOptions, ValidateUpdateOptions
export function checkWriteOptions(kind: 'CreateOptions' | 'UpdateOptions', query: URLSearchParams): void {
  refuse(kind, [...managerErrors(query.get('fieldManager') ?? ''), ...modeErrors(query)])
}

/** As checkWriteOptions, for a patch: an apply must say who applies, and nothing else may be forced. */
// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidatePatchOptions
export function checkPatchOptions(query: URLSearchParams, isApply: boolean): void {
  const manager = query.get('fieldManager') ?? ''
  const errors: FieldError[] = []
  if (!isApply && query.get('force')) errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  if (isApply && manager === '') errors.push(required('fieldManager', 'is required for apply patch'))
  refuse('PatchOptions', [...errors, ...managerErrors(manager), ...modeErrors(query)])
}

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
}

const validations = ['', 'Ignore', 'Strict', 'Warn']

// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateDryRun, ValidateFieldValidation
function modeErrors(query: URLSearchParams): FieldError[] {
  const validation = query.get('fieldValidation') ?? ''
  const known = validations.includes(validation)
  return [
    ...dryRunErrors(query.getAll('dryRun')),
    ...(known ? [] : [notSupported('fieldValidation', validation, validations)]),
  ]
}

export const dryRunErrors = (values: readonly string[]): FieldError[] =>
  values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])]

// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateFieldManager
function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = []
  if (Buffer.byteLength(manager) > managerLimit) errors.push(tooLong('fieldManager', manager, managerLimit))
  let at = 0
  // what is too long has been refused: its characters need no list
  for (const char of manager.slice(0, managerLimit)) {
    if (unprintable.test(char))
      errors.push(invalidField('fieldManager', manager, `invalid character ${codePoint(char)} (at position ${at})`))
    at += Buffer.byteLength(char)
  }
  return errors
}

/** As Go's %#U prints a character that cannot be printed: `U+000A`. */
function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** The one to whom a request's changes belong: who it says, else the name of the program that sends it. */
// apiserver/pkg/endpoints/handlers/create.go managerOrUserAgent
export function fieldManagerOf(query: URLSearchParams, userAgent: string | undefined): string {
  return query.get('fieldManager') || prefixOf(userAgent ?? '')
}

function prefixOf(userAgent: string): string {
  let name = ''
  let length = 0
  for (const char of userAgent.slice(0, 1024).split('/')[0] ?? '') {
    if (unprintable.test(char)) continue
    length += Buffer.byteLength(char)
    if (length > managerLimit) break
    name += char
  }
  return name
}
