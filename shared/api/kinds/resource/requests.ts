import {
  invalid,
  notSupported,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../machinery/names.ts'
import type {
  DeviceClaim,
  DeviceConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
} from '../../types/resource-v1.ts'
import { checkText } from '../checks.ts'
import { checkSelector } from './device-expression.ts'
import { checkList, checkSet } from './lists.ts'
import { checkDriverName } from '../storage/parameters.ts'
import { checkFullyQualifiedName, checkShortName } from './names.ts'
import { checkToleration } from './taints.ts'

export const maxRequests = 32
export const maxConfigs = 32
const maxConstraints = 32
const maxSelectors = 32
const maxAlternatives = 8
const maxParameters = 10 * 1024
const modes = ['All', 'ExactCount']

/** Adds what is wrong with what a claim asks for. */
// pkg/apis/resource/validation/validation.go validateDeviceClaim
export function checkDeviceClaim(claim: DeviceClaim, path: FieldPath, errors: FieldError[]): void {
  const known = requestNames(claim)
  const named = ({ name }: { name: string }): string => name
  checkSet(claim.requests ?? [], maxRequests, checkRequest, named, path.child('requests'), errors)
  const checkOne = (constraint: DeviceConstraint, at: FieldPath, found: FieldError[]): void =>
    checkConstraint(constraint, known, at, found)
  checkList(claim.constraints, maxConstraints, checkOne, path.child('constraints'), errors)
  const checkConfig = (config: DeviceConfiguration & { requests?: string[] }, at: FieldPath, found: FieldError[]) => {
    checkRefs(config.requests, known, at.child('requests'), found)
    checkConfiguration(config, at, found)
  }
  checkList(claim.config, maxConfigs, checkConfig, path.child('config'), errors)
}

/** The names of a claim's requests, and those of their alternatives behind a slash. */
// pkg/apis/resource/validation/validation.go gatherRequestNames
export function requestNames({ requests }: DeviceClaim): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { name, firstAvailable = [] } of requests ?? []) {
    names.add(name)
    for (const alternative of firstAvailable) names.add(`${name}/${alternative.name}`)
  }
  return names
}

// pkg/apis/resource/validation/validation.go validateDeviceRequest
function checkRequest(request: DeviceRequest, path: FieldPath, errors: FieldError[]): void {
  const { name, exactly, firstAvailable = [] } = request
  checkShortName(name, path.child('name'), errors)
  const detail = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly && firstAvailable.length > 0) errors.push(invalid(path, null, `${detail}, but multiple fields are set`))
  else if (exactly) checkExactly(exactly, path.child('exactly'), errors)
  else if (firstAvailable.length > 0)
    checkSet(
      firstAvailable,
      maxAlternatives,
      (alternative: DeviceSubRequest, at, found) => {
        checkShortName(alternative.name, at.child('name'), found)
        checkExactly(alternative, at, found)
      },
      (alternative) => alternative.name,
      path.child('firstAvailable'),
      errors,
    )
  else errors.push(required(path, detail))
}

// pkg/apis/resource/validation/validation.go validateExactDeviceRequest
function checkExactly(request: ExactDeviceRequest, path: FieldPath, errors: FieldError[]): void {
  const { deviceClassName, selectors, allocationMode, count = 0, tolerations = [] } = request
  if (!deviceClassName) errors.push(required(path.child('deviceClassName')))
  else checkText(deviceClassName, isDNS1123Subdomain, path.child('deviceClassName'), errors)
  checkSelectors(selectors, path.child('selectors'), errors)
  const at = path.child('count')
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalid(at, count, "must not be specified when allocationMode is 'All'"))
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(at, count, 'must be greater than zero'))
  } else errors.push(notSupported(path.child('allocationMode'), allocationMode ?? '', modes))
  for (const [i, toleration] of tolerations.entries())
    checkToleration(toleration, path.child('tolerations').index(i), errors)
}

export function checkSelectors(
  selectors: ExactDeviceRequest['selectors'],
  path: FieldPath,
  errors: FieldError[],
): void {
  checkList(selectors, maxSelectors, checkSelector, path, errors)
}

// pkg/apis/resource/validation/validation.go validateDeviceConstraint
function checkConstraint(
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  known: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkRefs(requests, known, path.child('requests'), errors)
  if (matchAttribute !== undefined) checkFullyQualifiedName(matchAttribute, path.child('matchAttribute'), errors)
  else if (distinctAttribute !== undefined)
    checkFullyQualifiedName(distinctAttribute, path.child('distinctAttribute'), errors)
  else {
    // upstream's words, though none is set
    const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    errors.push(required(path, detail))
  }
}

/** Adds what is wrong with a list of references to requests. */
export function checkRefs(
  requests: readonly string[] | undefined,
  known: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkSet(requests, maxRequests, (name: string, at, found) => checkRef(name, known, at, found), String, path, errors)
}

// pkg/apis/resource/validation/validation.go validateRequestNameRef
export function checkRef(name: string, known: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  const detail = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
  const segments = name.split('/')
  if (segments.length > 2) {
    errors.push(invalid(path, name, detail))
    return
  }
  for (const segment of segments) checkShortName(segment, path, errors)
  if (!known.has(name)) errors.push(invalid(path, name, detail))
}

/** Adds what is wrong with the words that a driver gets. */
// pkg/apis/resource/validation/validation.go validateDeviceConfiguration
export function checkConfiguration({ opaque }: DeviceConfiguration, path: FieldPath, errors: FieldError[]): void {
  const at = path.child('opaque')
  if (!opaque) errors.push(required(at))
  else {
    checkDriverName(opaque.driver, at.child('driver'), errors)
    checkObject(opaque.parameters, maxParameters, at.child('parameters'), errors)
  }
}

/** Adds what is wrong with a JSON object of a driver's own. */
// pkg/apis/resource/validation/validation.go validateRawExtension
export function checkObject(value: unknown, max: number, path: FieldPath, errors: FieldError[]): void {
  if (value === undefined || value === null) errors.push(required(path))
  else if (Buffer.byteLength(JSON.stringify(value)) > max) errors.push(tooLong(path, '', max))
  else if (typeof value !== 'object' || Array.isArray(value))
    errors.push(invalid(path, '<value omitted>', 'must be a valid JSON object'))
}
