import { FieldPath, invalid, tooLong, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isConfigMapKey } from '../../../../machinery/names.ts'
import type { ConfigMap } from '../../../types/core-v1.ts'
import { checkFrozen, checkText } from '../../checks.ts'
import { checkImmutableMark, decodedSize, maxSize } from '../../data.ts'

// pkg/apis/core/validation/validation.go ValidateConfigMap
export function validate({ data, binaryData }: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const key in data) {
    const duplicate = binaryData !== undefined && key in binaryData
    if (duplicate || isConfigMapKey(key).length > 0) {
      const path = new FieldPath('data').key(key)
      checkText(key, isConfigMapKey, path, errors)
      if (duplicate) errors.push(invalid(path, key, 'duplicate of key present in binaryData'))
    }
    size += Buffer.byteLength(data[key] ?? '')
  }
  for (const key in binaryData) {
    checkText(key, isConfigMapKey, new FieldPath('binaryData').key(key), errors)
    size += decodedSize(binaryData[key] ?? '')
  }
  if (size > maxSize) errors.push(tooLong('', '', maxSize))
  return errors
}

// pkg/apis/core/validation/validation.go ValidateConfigMapUpdate
export function validateUpdate(obj: ConfigMap, old: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  if (old.immutable) {
    checkImmutableMark(obj.immutable, errors)
    checkFrozen(obj.data ?? {}, old.data ?? {}, new FieldPath('data'), errors)
    checkFrozen(obj.binaryData ?? {}, old.binaryData ?? {}, new FieldPath('binaryData'), errors)
  }
  return errors.concat(validate(obj))
}
