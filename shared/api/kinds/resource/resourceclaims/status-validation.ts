import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../../types/resource-v1.ts'
import { checkInterfaceAddress } from '../../addresses.ts'
import { checkImmutable } from '../../checks.ts'
import { checkConditions } from '../../conditions.ts'
import { checkNodeSelector } from '../../pod-spec/affinity.ts'
import { checkList, checkSet } from '../lists.ts'
import { checkDriverName } from '../../storage/parameters.ts'
import { checkPoolName, checkShortName } from '../names.ts'
import { checkConfiguration, checkObject, checkRef, checkRefs, maxConfigs, requestNames } from '../requests.ts'
import { checkBinding, checkToleration } from '../taints.ts'

const maxReservations = 256
const maxResults = 32
const maxConditions = 8
const maxData = 10 * 1024
const maxAddresses = 16
const maxInterfaceName = 256
const maxHardwareAddress = 128
const sources = ['FromClaim', 'FromClass']
const path = new FieldPath('status')

type Identity = Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>

const identity = ({ driver, pool, device, shareID }: Identity): string =>
  `${driver}/${pool}/${device}${shareID === undefined ? '' : `/${shareID}`}`

// pkg/apis/resource/validation/validation.go ValidateResourceClaimStatusUpdate
export function validateStatusUpdate(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const errors: FieldError[] = []
  const { status = {} } = claim
  checkSet(status.reservedFor, maxReservations, checkConsumer, ({ uid }) => uid, path.child('reservedFor'), errors)
  const allocated = new Set((status.allocation?.devices?.results ?? []).map(identity))
  const checkDevice = (device: AllocatedDeviceStatus, at: FieldPath, found: FieldError[]): void =>
    checkDeviceStatus(device, allocated, at, found)
  checkSet(status.devices, Infinity, checkDevice, identity, path.child('devices'), errors)
  checkReserved(claim, old, path.child('reservedFor'), errors)
  const before = old.status?.allocation
  if (status.allocation && before) checkImmutable(status.allocation, before, path.child('allocation'), errors)
  else if (status.allocation)
    checkAllocation(
      status.allocation,
      requestNames(claim.spec?.devices ?? { requests: [] }),
      path.child('allocation'),
      errors,
    )
  return errors
}

// pkg/apis/resource/validation/validation.go validateResourceClaimUserReference
function checkConsumer(consumer: ResourceClaimConsumerReference, at: FieldPath, errors: FieldError[]): void {
  for (const field of ['resource', 'name', 'uid'] as const) if (!consumer[field]) errors.push(required(at.child(field)))
}

// only what is allocated can be reserved, and what is going is reserved for nobody new
function checkReserved(claim: ResourceClaim, old: ResourceClaim, at: FieldPath, errors: FieldError[]): void {
  const now = claim.status?.reservedFor ?? []
  if (now.length === 0 || now.length > maxReservations) return
  if (!claim.status?.allocation) errors.push(forbidden(at, 'may not be specified when `allocated` is not set'))
  else if (claim.metadata.deletionTimestamp !== undefined) {
    const before = old.status?.reservedFor ?? []
    const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
    if (now.some((one) => !before.some((other) => deepEqual(one, other)))) errors.push(forbidden(at, detail))
  }
}

// pkg/apis/resource/validation/validation.go validateAllocationResult
function checkAllocation(
  { devices = {}, nodeSelector }: AllocationResult,
  known: ReadonlySet<string>,
  at: FieldPath,
  errors: FieldError[],
): void {
  const checkResult = (result: DeviceRequestAllocationResult, where: FieldPath, found: FieldError[]): void => {
    checkRef(result.request ?? '', known, where.child('request'), found)
    checkDriverName(result.driver, where.child('driver'), found)
    checkPoolName(result.pool, where.child('pool'), found)
    checkShortName(result.device, where.child('device'), found)
    checkBinding(result, where, found)
    for (const [i, toleration] of (result.tolerations ?? []).entries())
      checkToleration(toleration, where.child('tolerations').index(i), found)
    checkShareID(result.shareID, where.child('shareID'), found)
  }
  checkList(devices.results, maxResults, checkResult, at.child('devices', 'results'), errors)
  const checkConfig = (config: DeviceAllocationConfiguration, where: FieldPath, found: FieldError[]): void => {
    if (!config.source) found.push(required(where.child('source')))
    else if (!sources.includes(config.source))
      found.push(notSupported(where.child('source'), config.source, ['FromClaim', 'FromClass']))
    checkRefs(config.requests, known, where.child('requests'), found)
    checkConfiguration(config, where, found)
  }
  // those of the class and those of the claim
  checkList(devices.config, 2 * maxConfigs, checkConfig, at.child('devices', 'config'), errors)
  if (nodeSelector) checkNodeSelector(nodeSelector, at.child('nodeSelector'), errors)
}

// pkg/apis/resource/validation/validation.go validateDeviceStatus
function checkDeviceStatus(
  device: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  at: FieldPath,
  errors: FieldError[],
): void {
  checkDriverName(device.driver, at.child('driver'), errors)
  checkPoolName(device.pool, at.child('pool'), errors)
  checkShortName(device.device, at.child('device'), errors)
  checkShareID(device.shareID, at.child('shareID'), errors)
  if (!allocated.has(identity(device)))
    errors.push(invalid(at, identity(device), 'must be an allocated device in the claim'))
  const conditions = device.conditions ?? []
  if (conditions.length > maxConditions) errors.push(tooMany(at.child('conditions'), conditions.length, maxConditions))
  checkConditions(conditions, at.child('conditions'), errors)
  if (device.data !== undefined) checkObject(device.data, maxData, at.child('data'), errors)
  if (device.networkData) checkNetwork(device.networkData, at.child('networkData'), errors)
}

// pkg/apis/resource/validation/validation.go validateNetworkDeviceData
function checkNetwork(network: NetworkDeviceData, at: FieldPath, errors: FieldError[]): void {
  const { interfaceName = '', hardwareAddress = '', ips } = network
  if (Buffer.byteLength(interfaceName) > maxInterfaceName)
    errors.push(tooLong(at.child('interfaceName'), '', maxInterfaceName))
  if (Buffer.byteLength(hardwareAddress) > maxHardwareAddress)
    errors.push(tooLong(at.child('hardwareAddress'), '', maxHardwareAddress))
  checkSet(ips, maxAddresses, checkInterfaceAddress, String, at.child('ips'), errors)
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

// pkg/apis/resource/validation/validation.go validateUID
function checkShareID(id: string | undefined, at: FieldPath, errors: FieldError[]): void {
  if (id === undefined || uuid.test(id)) return
  if (uuid.test(id.toLowerCase())) {
    const form = '`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`'
    const detail = `uid must be in RFC 4122 normalized form, ${form} with lowercase hexadecimal characters`
    errors.push(invalid(at, id, detail))
  } else errors.push(invalid(at, id, `error validating uid: ${uuidProblem(id)}`))
}

// github.com/google/uuid Validate
const uuidProblem = (id: string): string =>
  [32, 36, 38, 45].includes(id.length) ? 'invalid UUID format' : `invalid UUID length: ${id.length}`
