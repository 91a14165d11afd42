import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { DeviceClass } from '../../../types/resource-v1.ts'
import { isExtended } from '../../quantities.ts'
import { checkList } from '../lists.ts'
import { checkConfiguration, checkSelectors, maxConfigs } from '../requests.ts'

const path = new FieldPath('spec')

// pkg/apis/resource/validation/validation.go ValidateDeviceClass, ValidateDeviceClassUpdate
export function validate({ spec = {} }: DeviceClass, old?: DeviceClass): FieldError[] {
  const errors: FieldError[] = []
  // what was taken once stays taken
  if (!old || !deepEqual(spec.selectors, old.spec.selectors))
    checkSelectors(spec.selectors, path.child('selectors'), errors)
  checkList(spec.config, maxConfigs, checkConfiguration, path.child('config'), errors)
  const name = spec.extendedResourceName
  if (name !== undefined && (!isExtended(name) || isQualifiedName(`requests.${name}`).length > 0))
    errors.push(invalid(path.child('extendedResourceName'), name, 'must be a valid extended resource name'))
  return errors
}
