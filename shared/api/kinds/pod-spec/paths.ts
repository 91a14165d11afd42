import { invalid, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'

// pkg/apis/core/validation/validation.go validatePathNoBacksteps and what builds on it

export function checkNoBacksteps(value: string, path: FieldPath, errors: FieldError[]): void {
  if (value.split('/').includes('..')) errors.push(invalid(path, value, "must not contain '..'"))
}

export function checkRelativePath(value: string, path: FieldPath, errors: FieldError[]): void {
  if (value.startsWith('/')) errors.push(invalid(path, value, 'must be a relative path'))
  checkNoBacksteps(value, path, errors)
}

export function checkFileName(value: string, path: FieldPath, errors: FieldError[]): void {
  checkRelativePath(value, path, errors)
  if (value.startsWith('..') && !value.startsWith('../')) errors.push(invalid(path, value, "must not start with '..'"))
}

export function checkFileMode(mode: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    errors.push(invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'))
}
