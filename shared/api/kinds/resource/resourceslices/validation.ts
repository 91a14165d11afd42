import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { CounterSet, Device, ResourceSlice, ResourceSliceSpec } from '../../../types/resource-v1.ts'
import { checkImmutable, checkText } from '../../checks.ts'
import { checkNodeSelector } from '../../pod-spec/affinity.ts'
import { checkDriverName } from '../../storage/parameters.ts'
import { checkCounters, checkDevice } from '../devices.ts'
import { checkSet } from '../lists.ts'
import { checkPoolName, checkShortName } from '../names.ts'

const maxDevices = 128
const maxAdvancedDevices = 64
const maxCounterSets = 8
const path = new FieldPath('spec')

// pkg/apis/resource/validation/validation.go ValidateResourceSlice
export function validate(slice: ResourceSlice): FieldError[] {
  return checkSpec(slice.spec, undefined)
}

// pkg/apis/resource/validation/validation.go ValidateResourceSliceUpdate
export function validateUpdate(slice: ResourceSlice, old: ResourceSlice): FieldError[] {
  return checkSpec(slice.spec, old.spec)
}

// pkg/apis/resource/validation/validation.go validateResourceSliceSpec
function checkSpec(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined): FieldError[] {
  const errors: FieldError[] = []
  const pool: Partial<ResourceSliceSpec['pool']> = spec.pool ?? {}
  checkDriverName(spec.driver, path.child('driver'), errors)
  checkPoolName(pool.name, path.child('pool', 'name'), errors)
  const count = pool.resourceSliceCount ?? 0
  if (count <= 0) errors.push(invalid(path.child('pool', 'resourceSliceCount'), count, 'must be greater than zero'))
  if ((pool.generation ?? 0) < 0) {
    const detail = 'must be greater than or equal to zero'
    errors.push(invalid(path.child('pool', 'generation'), pool.generation, detail))
  }
  if (old) {
    checkImmutable(pool.name, old.pool?.name, path.child('pool', 'name'), errors)
    checkImmutable(spec.driver, old.driver, path.child('driver'), errors)
    checkImmutable(spec.nodeName, old.nodeName, path.child('nodeName'), errors)
  }
  checkNodes(spec, errors)
  if (spec.sharedCounters && spec.devices)
    errors.push(invalid(path, '', 'only one of `sharedCounters` or `devices` is allowed'))
  const before = new Map((old?.devices ?? []).map((device) => [device.name, device]))
  const perDevice = spec.perDeviceNodeSelection === true
  const check = (device: Device, at: FieldPath, found: FieldError[]): void =>
    checkDevice(device, before.get(device.name), perDevice, at, found)
  const max = (spec.devices ?? []).some(isAdvanced) ? maxAdvancedDevices : maxDevices
  checkSet(spec.devices, max, check, ({ name }) => name, path.child('devices'), errors)
  const counterSets = path.child('sharedCounters')
  checkSet(spec.sharedCounters, maxCounterSets, checkCounterSet, ({ name }) => name, counterSets, errors)
  return errors
}

// devices that take more room
const isAdvanced = ({ taints = [], consumesCounters = [], attributes = {} }: Device): boolean =>
  taints.length > 0 ||
  consumesCounters.length > 0 ||
  Object.values(attributes).some(({ bools, ints, strings, versions }) => bools ?? ints ?? strings ?? versions)

function checkNodes(spec: ResourceSliceSpec, errors: FieldError[]): void {
  const set: string[] = []
  const { nodeName, nodeSelector } = spec
  if (nodeName === '')
    errors.push(invalid(path.child('nodeName'), '', 'must be either unset or set to a non-empty string'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    checkText(nodeName, isDNS1123Subdomain, path.child('nodeName'), errors)
  }
  if (nodeSelector) {
    set.push('`nodeSelector`')
    checkNodeSelector(nodeSelector, path.child('nodeSelector'), errors)
    const terms = nodeSelector.nodeSelectorTerms ?? []
    if (terms.length !== 1) {
      const detail = 'must have exactly one node selector term'
      errors.push(invalid(path.child('nodeSelector', 'nodeSelectorTerms'), terms, detail))
    }
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const)
    if (spec[field]) set.push(`\`${field}\``)
    else if (spec[field] === false)
      errors.push(invalid(path.child(field), false, 'must be either unset or set to true'))
  const detail = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (set.length === 0) errors.push(required(path, detail))
  else if (set.length > 1) errors.push(invalid(path, `{${set.join(', ')}}`, `${detail}, but multiple fields are set`))
}

// pkg/apis/resource/validation/validation.go validateCounterSet
function checkCounterSet({ name, counters }: CounterSet, at: FieldPath, errors: FieldError[]): void {
  if (!name) errors.push(required(at.child('name')))
  else checkShortName(name, at.child('name'), errors)
  checkCounters(counters, at.child('counters'), errors)
}
