import {
  duplicate,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isLabelValue, isQualifiedName } from '../../../machinery/names.ts'
import type { DeviceTaint, DeviceToleration } from '../../types/resource-v1.ts'
import { checkText } from '../checks.ts'
import { checkList } from './lists.ts'

const effects = ['NoExecute', 'NoSchedule', 'None']
const operators = ['Equal', 'Exists']
const maxBindingConditions = 4

// pkg/apis/resource/validation/validation.go validateDeviceTaint
export function checkTaint({ key, value, effect }: DeviceTaint, path: FieldPath, errors: FieldError[]): void {
  checkText(key ?? '', isQualifiedName, path.child('key'), errors)
  if (value) checkText(value, isLabelValue, path.child('value'), errors)
  if (!effect) errors.push(required(path.child('effect')))
  else if (!effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects))
}

// pkg/apis/resource/validation/validation.go validateDeviceToleration
export function checkToleration(toleration: DeviceToleration, path: FieldPath, errors: FieldError[]): void {
  const { key, operator, value = '', effect } = toleration
  if (key) checkText(key, isQualifiedName, path.child('key'), errors)
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(path.child('value'), value, 'must be empty for operator `Exists`'))
  } else if (operator === 'Equal') checkText(value, isLabelValue, path.child('value'), errors)
  else if (!operator) errors.push(required(path.child('operator')))
  else errors.push(notSupported(path.child('operator'), operator, operators))
  if (effect && !effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects))
}

interface Binding {
  bindingConditions?: string[]
  bindingFailureConditions?: string[]
}

/** Adds what is wrong with the conditions that a device waits for before its Pod is bound. */
// pkg/apis/resource/validation/validation.go validateDeviceBindingParameters
export function checkBinding(device: Binding, path: FieldPath, errors: FieldError[]): void {
  const { bindingConditions: ready = [], bindingFailureConditions: failed = [] } = device
  const readyPath = path.child('bindingConditions')
  const failedPath = path.child('bindingFailureConditions')
  const checkName = (name: string, at: FieldPath, found: FieldError[]): void =>
    checkText(name, isQualifiedName, at, found)
  const short = [
    checkList(ready, maxBindingConditions, checkName, readyPath, errors),
    checkList(failed, maxBindingConditions, checkName, failedPath, errors),
  ]
  if (short.includes(false)) return
  for (const [i, name] of ready.entries()) if (ready.indexOf(name) < i) errors.push(duplicate(readyPath.index(i), name))
  for (const [i, name] of failed.entries()) {
    if (failed.indexOf(name) < i) errors.push(duplicate(failedPath.index(i), name))
    if (ready.includes(name))
      errors.push(
        invalid(failedPath.index(i), name, 'bindingFailureConditions must not overlap with bindingConditions'),
      )
  }
  if (ready.length === 0 && failed.length > 0)
    errors.push(invalid(readyPath, ready, 'bindingConditions are required to use bindingFailureConditions'))
  if (failed.length === 0 && ready.length > 0)
    errors.push(invalid(failedPath, failed, 'bindingFailureConditions are required to use bindingConditions'))
}
