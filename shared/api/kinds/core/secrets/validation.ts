import { FieldPath, invalid, required, tooLong, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isConfigMapKey } from '../../../../machinery/names.ts'
import type { Secret } from '../../../types/core-v1.ts'
import { checkFrozen, checkImmutable, checkText } from '../../checks.ts'
import { checkImmutableMark, decodedSize, maxSize } from '../../data.ts'

const path = new FieldPath('data')
const account = 'kubernetes.io/service-account.name'

// pkg/apis/core/validation/validation.go ValidateSecret
export function validate(secret: Secret): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const key in secret.data) {
    checkText(key, isConfigMapKey, path.key(key), errors)
    size += decodedSize(secret.data[key] ?? '')
  }
  if (size > maxSize) errors.push(tooLong(path, '', maxSize))
  checkType(secret, errors)
  return errors
}

function checkType({ type, data = {}, metadata }: Secret, errors: FieldError[]): void {
  const needs = (key: string) => {
    if (!(key in data)) errors.push(required(path.key(key)))
  }
  switch (type ?? '') {
    case 'kubernetes.io/service-account-token':
      if (!metadata.annotations?.[account]) errors.push(required(new FieldPath('metadata', 'annotations').key(account)))
      break
    case 'kubernetes.io/dockercfg':
      checkJSON('.dockercfg', data, errors)
      break
    case 'kubernetes.io/dockerconfigjson':
      checkJSON('.dockerconfigjson', data, errors)
      break
    case 'kubernetes.io/basic-auth':
      if (!('username' in data) && !('password' in data)) {
        needs('username')
        needs('password')
      }
      break
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(required(path.key('ssh-privatekey')))
      break
    case 'kubernetes.io/tls':
      needs('tls.crt')
      needs('tls.key')
  }
}

function checkJSON(key: string, data: Record<string, string>, errors: FieldError[]): void {
  const text = data[key]
  if (text === undefined) {
    errors.push(required(path.key(key)))
    return
  }
  const problem = problemOf(Buffer.from(text, 'base64').toString())
  if (problem) errors.push(invalid(path.key(key), '<secret contents redacted>', problem))
}

function problemOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && !Array.isArray(value)) return undefined
    return 'json: cannot unmarshal into Go value of type map[string]interface {}'
  } catch {
    return text.trim() === '' ? 'unexpected end of JSON input' : 'invalid character in JSON input'
  }
}

// pkg/apis/core/validation/validation.go ValidateSecretUpdate
export function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(secret.type, old.type, new FieldPath('type'), errors)
  if (old.immutable) {
    checkImmutableMark(secret.immutable, errors)
    checkFrozen(secret.data ?? {}, old.data ?? {}, path, errors)
  }
  return errors.concat(validate(secret))
}
