import { invalid, required, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isConfigMapKey, isDNS1123Subdomain, isRelaxedEnvVarName } from '../../../machinery/names.ts'
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector } from '../../types/core-v1.ts'
import { checkLabelName, checkText } from '../checks.ts'
import { checkFieldRef, checkResourceRef, envFields } from './fields.ts'
import { checkNoBacksteps } from './paths.ts'

// pkg/apis/core/validation/validation.go ValidateEnv
export function checkEnv(variables: readonly EnvVar[], path: FieldPath, errors: FieldError[]): void {
  for (const [i, variable] of variables.entries()) {
    const at = path.index(i)
    if (!variable.name) errors.push(required(at.child('name')))
    else checkText(variable.name, isRelaxedEnvVarName, at.child('name'), errors)
    if (variable.valueFrom) checkSource(variable.valueFrom, variable.value ?? '', at.child('valueFrom'), errors)
  }
}

// pkg/apis/core/validation/validation.go validateEnvVarValueFrom
function checkSource(source: EnvVarSource, value: string, path: FieldPath, errors: FieldError[]): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  if (fieldRef) checkFieldRef(fieldRef, envFields, path.child('fieldRef'), errors)
  if (resourceFieldRef) checkResourceRef(resourceFieldRef, false, path.child('resourceFieldRef'), errors)
  for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const ref = source[name]
    if (!ref) continue
    checkText(ref.name ?? '', isDNS1123Subdomain, path.child(name, 'name'), errors)
    if (!ref.key) errors.push(required(path.child(name, 'key')))
    else checkText(ref.key, isConfigMapKey, path.child(name, 'key'), errors)
  }
  if (fileKeyRef) checkFileKey(fileKeyRef, path.child('fileKeyRef'), errors)
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length
  if (count === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    errors.push(invalid(path, '', detail))
  } else if (value !== '') errors.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
}

// pkg/apis/core/validation/validation.go validateFileKeySelector
function checkFileKey(ref: FileKeySelector, at: FieldPath, errors: FieldError[]): void {
  if (!ref.key) errors.push(required(at.child('key')))
  else checkText(ref.key, isRelaxedEnvVarName, at.child('key'), errors)
  if (!ref.volumeName) errors.push(required(at.child('volumeName')))
  else checkLabelName(ref.volumeName, at.child('volumeName'), errors)
  if (!ref.path) errors.push(required(at.child('path')))
  else checkNoBacksteps(ref.path, at.child('path'), errors)
}

// pkg/apis/core/validation/validation.go ValidateEnvFrom
export function checkEnvFrom(sources: readonly EnvFromSource[], path: FieldPath, errors: FieldError[]): void {
  for (const [i, source] of sources.entries()) {
    const at = path.index(i)
    if (source.prefix) checkText(source.prefix, isRelaxedEnvVarName, at.child('prefix'), errors)
    let count = 0
    for (const name of ['configMapRef', 'secretRef'] as const) {
      const ref = source[name]
      if (!ref) continue
      count++
      if (!ref.name) errors.push(required(at.child(name, 'name')))
      else checkText(ref.name, isDNS1123Subdomain, at.child(name, 'name'), errors)
    }
    if (count === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
}
