import { deepEqual } from '../../../machinery/deep.ts'
import { invalid, notFound, required, tooLong, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../machinery/names.ts'
import type { Counter, Device, DeviceAttribute, DeviceCounterConsumption } from '../../types/resource-v1.ts'
import { checkText } from '../checks.ts'
import { checkNodeSelector } from '../pod-spec/affinity.ts'
import { checkCapacity } from './capacity.ts'
import { checkList, checkMap, checkSet } from './lists.ts'
import { checkQualifiedName, checkShortName, maxQualifiedName } from './names.ts'
import { checkBinding, checkTaint } from './taints.ts'

const maxAttributesAndCapacities = 32
const maxAttributeValues = 48
const maxTaints = 16
const maxConsumptions = 2
const maxCounters = 32
const maxLabel = 63
const maxValue = 64

/** Adds what is wrong with a device; what stays as it was in `old` is not looked at again. */
// pkg/apis/resource/validation/validation.go validateDevice
export function checkDevice(
  device: Device,
  old: Device | undefined,
  perDevice: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkShortName(device.name, path.child('name'), errors)
  const { attributes = {}, capacity = {}, taints } = device
  const names = Object.keys(attributes).length + Object.keys(capacity).length
  if (names > maxAttributesAndCapacities) {
    const detail = `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`
    errors.push(invalid(path, names, detail))
  }
  const values = Object.values(attributes).reduce((sum, attribute) => sum + countOf(attribute), 0)
  if (values > maxAttributeValues)
    errors.push(invalid(path, values, `the total number of attribute values must not exceed ${maxAttributeValues}`))
  const limits = { max: Infinity, shownKey: maxQualifiedName }
  checkMap(attributes, limits, checkQualifiedName, checkAttribute, path.child('attributes'), errors)
  if (!old || !deepEqual(old.capacity, device.capacity))
    checkMap(
      capacity,
      limits,
      checkQualifiedName,
      (value, at, found) => checkCapacity(value, device.allowMultipleAllocations === true, at, found),
      path.child('capacity'),
      errors,
    )
  if (!old || !deepEqual(old.taints, taints)) checkList(taints, maxTaints, checkTaint, path.child('taints'), errors)
  checkSet(
    device.consumesCounters,
    maxConsumptions,
    checkConsumption,
    ({ counterSet }) => counterSet,
    path.child('consumesCounters'),
    errors,
  )
  if (perDevice) checkNode(device, path, errors)
  else if (device.nodeName !== undefined || device.nodeSelector || device.allNodes !== undefined) {
    const detail =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
    errors.push(invalid(path, null, detail))
  }
  checkBinding(device, path, errors)
  for (const [name, { capacityKey }] of Object.entries(device.nodeAllocatableResourceMappings ?? {}))
    if (capacityKey !== undefined && !Object.hasOwn(capacity, capacityKey)) {
      const at = path.child('nodeAllocatableResourceMappings').key(name).child('capacityKey')
      errors.push(notFound(at, capacityKey))
    }
}

function checkNode(device: Device, path: FieldPath, errors: FieldError[]): void {
  const set: string[] = []
  if (device.nodeName === '') errors.push(invalid(path.child('nodeName'), '', 'must not be empty'))
  else if (device.nodeName !== undefined) {
    set.push('`nodeName`')
    checkText(device.nodeName, isDNS1123Subdomain, path.child('nodeName'), errors)
  }
  if (device.nodeSelector) {
    set.push('`nodeSelector`')
    checkNodeSelector(device.nodeSelector, path.child('nodeSelector'), errors)
  }
  if (device.allNodes) set.push('`allNodes`')
  else if (device.allNodes === false)
    errors.push(invalid(path.child('allNodes'), false, 'must be either unset or set to true'))
  const detail =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  if (set.length === 0) errors.push(required(path, detail))
  else if (set.length > 1) errors.push(invalid(path, `{${set.join(', ')}}`, detail))
}

const lists = ['bools', 'ints', 'strings', 'versions'] as const

const countOf = (attribute: DeviceAttribute): number =>
  lists.reduce((sum, list) => sum + (attribute[list] ?? []).length, 0) || 1

const number = '(0|[1-9]\\d*)'
const preRelease = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const build = '[0-9a-zA-Z-]+'
const semver = new RegExp(
  `^${number}\\.${number}\\.${number}(-${preRelease}(\\.${preRelease})*)?(\\+${build}(\\.${build})*)?$`,
)

// pkg/apis/resource/validation/validation.go validateDeviceAttribute
function checkAttribute(attribute: DeviceAttribute, path: FieldPath, errors: FieldError[]): void {
  if (attribute.string !== undefined) checkString(attribute.string, path.child('string'), errors)
  if (attribute.version !== undefined) checkVersion(attribute.version, path.child('version'), errors)
  for (const list of lists) {
    const values = attribute[list]
    if (values?.length === 0) errors.push(invalid(path.child(list), values, 'must not be empty if specified'))
  }
  for (const [i, text] of (attribute.strings ?? []).entries()) checkString(text, path.child('strings').index(i), errors)
  for (const [i, text] of (attribute.versions ?? []).entries())
    checkVersion(text, path.child('versions').index(i), errors)
  const set = Object.values(attribute).filter((value) => value !== undefined).length
  if (set !== 1) errors.push(invalid(path, set === 0 ? '' : attribute, 'exactly one value must be specified'))
}

function checkString(text: string, path: FieldPath, errors: FieldError[]): void {
  if (Buffer.byteLength(text) > maxValue) errors.push(tooLong(path, '', maxValue))
}

function checkVersion(text: string, path: FieldPath, errors: FieldError[]): void {
  // what is too long is no text to match: the pattern tries much
  if (text.length > maxValue || !semver.test(text))
    errors.push(invalid(path, text, 'must be a string compatible with semver.org spec 2.0.0'))
  checkString(text, path, errors)
}

// pkg/apis/resource/validation/validation.go validateDeviceCounterConsumption
function checkConsumption(
  { counterSet, counters }: DeviceCounterConsumption,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!counterSet) errors.push(required(path.child('counterSet')))
  else checkShortName(counterSet, path.child('counterSet'), errors)
  checkCounters(counters, path.child('counters'), errors)
}

/** Adds what is wrong with counters: any number will do. */
export function checkCounters(
  counters: Record<string, Counter> | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (Object.keys(counters ?? {}).length === 0) errors.push(required(path))
  else checkMap(counters, { max: maxCounters, shownKey: maxLabel }, checkShortName, () => undefined, path, errors)
}
