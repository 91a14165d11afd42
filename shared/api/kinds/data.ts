import { FieldPath, forbidden, type FieldError } from '../../machinery/fieldpath.ts'

/** Bytes that a ConfigMap or Secret may hold. */
export const maxSize = 1024 * 1024

/** Bytes that a base64 text stands for. */
export function decodedSize(base64: string): number {
  return Buffer.byteLength(base64, 'base64')
}

/** Immutable once is immutable for ever. */
export function checkImmutableMark(mark: boolean | undefined, errors: FieldError[]): void {
  if (!mark) errors.push(forbidden(new FieldPath('immutable'), 'field is immutable when `immutable` is set'))
}
