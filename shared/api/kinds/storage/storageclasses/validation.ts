import { deepEqual } from '../../../../machinery/deep.ts'
import {
  duplicate,
  FieldPath,
  forbidden,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isLabelValue, isQualifiedName } from '../../../../machinery/names.ts'
import type { TopologySelectorTerm } from '../../../types/core-v1.ts'
import type { StorageClass } from '../../../types/storage-v1.ts'
import { checkImmutable, checkText } from '../../checks.ts'
import { checkParameters, checkProvisioner } from '../parameters.ts'

const reclaims = ['Delete', 'Retain']
const bindings = ['Immediate', 'WaitForFirstConsumer']

// pkg/apis/storage/validation/validation.go ValidateStorageClass
export function validate(obj: StorageClass): FieldError[] {
  const errors: FieldError[] = []
  checkProvisioner(obj.provisioner, new FieldPath('provisioner'), errors)
  checkParameters(obj.parameters, true, new FieldPath('parameters'), errors)
  const { reclaimPolicy, volumeBindingMode } = obj
  if (reclaimPolicy && !reclaims.includes(reclaimPolicy))
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, reclaims))
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'))
  else if (!bindings.includes(volumeBindingMode))
    errors.push(notSupported('volumeBindingMode', volumeBindingMode, bindings))
  const seen = new Set<string>()
  for (const [i, term] of (obj.allowedTopologies ?? []).entries()) {
    const at = new FieldPath('allowedTopologies').index(i)
    checkTerm(term, at, errors)
    const key = canonical(term)
    if (seen.has(key)) errors.push(duplicate(at.child('matchLabelExpressions'), ''))
    seen.add(key)
  }
  return errors
}

// pkg/apis/core/validation/validation.go ValidateTopologySelectorTerm
function checkTerm({ matchLabelExpressions = [] }: TopologySelectorTerm, path: FieldPath, errors: FieldError[]): void {
  const keys = new Set<string>()
  for (const [i, { key, values = [] }] of matchLabelExpressions.entries()) {
    const at = path.child('matchLabelExpressions').index(i)
    const seen = new Set<string>()
    if (values.length === 0) errors.push(required(at.child('values')))
    for (const [j, value] of values.entries()) {
      checkText(value, isLabelValue, at.child('values').index(j), errors)
      if (seen.has(value)) errors.push(duplicate(at.child('values').index(j), value))
      seen.add(value)
    }
    checkText(key, isQualifiedName, at.child('key'), errors)
    if (keys.has(key)) errors.push(duplicate(at.child('key'), key))
    keys.add(key)
  }
}

function canonical({ matchLabelExpressions = [] }: TopologySelectorTerm): string {
  const pairs = matchLabelExpressions.map(({ key, values = [] }) => [key, [...values].sort()] as const)
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

// pkg/apis/storage/validation/validation.go ValidateStorageClassUpdate
export function validateUpdate(obj: StorageClass, old: StorageClass): FieldError[] {
  const errors: FieldError[] = []
  if (!deepEqual(obj.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbidden('parameters', 'updates to parameters are forbidden.'))
  if (obj.provisioner !== old.provisioner)
    errors.push(forbidden('provisioner', 'updates to provisioner are forbidden.'))
  if (obj.reclaimPolicy !== old.reclaimPolicy)
    errors.push(forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'))
  checkImmutable(obj.volumeBindingMode, old.volumeBindingMode, new FieldPath('volumeBindingMode'), errors)
  return errors
}
