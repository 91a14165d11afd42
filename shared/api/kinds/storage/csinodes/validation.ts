import { duplicate, FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { CSINode, CSINodeDriver } from '../../../types/storage-v1.ts'
import { checkImmutable, checkNonNegative, checkText } from '../../checks.ts'
import { checkDriverName } from '../parameters.ts'

const path = new FieldPath('spec', 'drivers')
const maxNodeID = 256

// pkg/apis/storage/validation/validation.go ValidateCSINode
export function validate({ spec }: CSINode): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, driver] of (spec.drivers ?? []).entries()) {
    const at = path.index(i)
    checkDriver(driver, at, errors)
    if (names.has(driver.name)) errors.push(duplicate(at.child('name'), driver.name))
    names.add(driver.name)
    checkKeys(driver, at, errors)
  }
  return errors
}

function checkDriver({ name, nodeID, allocatable }: CSINodeDriver, at: FieldPath, errors: FieldError[]): void {
  checkDriverName(name, at.child('name'), errors)
  if (!nodeID) errors.push(required(at.child('nodeID')))
  else if (nodeID.length > maxNodeID)
    errors.push(invalid(at.child('nodeID'), nodeID, `must be ${maxNodeID} characters or less`))
  checkNonNegative(allocatable?.count, at.child('allocatable', 'count'), errors)
}

function checkKeys({ topologyKeys }: CSINodeDriver, at: FieldPath, errors: FieldError[]): void {
  const keys = new Set<string>()
  for (const key of topologyKeys ?? []) {
    if (key === '') errors.push(required(at))
    if (keys.has(key)) errors.push(duplicate(at, key))
    keys.add(key)
    checkText(key, isQualifiedName, at, errors)
  }
}

// pkg/apis/storage/validation/validation.go ValidateCSINodeUpdate: how many volumes a node takes may change
export function validateUpdate(obj: CSINode, old: CSINode): FieldError[] {
  const errors = validate(obj)
  for (const { allocatable: _, ...before } of old.spec.drivers ?? [])
    for (const { allocatable: _a, ...now } of obj.spec.drivers ?? [])
      if (before.name === now.name) checkImmutable(now, before, path, errors)
  return errors
}
