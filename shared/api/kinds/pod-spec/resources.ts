import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isDNS1123Label, isQualifiedName } from '../../../machinery/names.ts'
import type { ResourceRequirements } from '../../types/core-v1.ts'
import { checkText } from '../checks.ts'
import {
  checkQuantity,
  isExtended,
  isHugePages,
  isNative,
  isQuotaHugePages,
  mayOvercommit,
  quantityOr,
} from '../quantities.ts'

const computeResources = new Set(['cpu', 'memory', 'ephemeral-storage'])
const standardResources = new Set([
  ...computeResources,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
])

/** The name of something containers use: known, or with a domain. */
// pkg/apis/core/validation/validation.go validateResourceName
export function checkComputeName(name: string, path: FieldPath, errors: FieldError[]): void {
  const texts = isQualifiedName(name)
  for (const text of texts) errors.push(invalid(path, name, text))
  if (texts.length === 0 && !name.includes('/') && !isQuotaHugePages(name) && !standardResources.has(name))
    errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
}

// pkg/apis/core/validation/validation.go validateContainerResourceName
export function checkResourceName(name: string, path: FieldPath, errors: FieldError[]): void {
  checkComputeName(name, path, errors)
  if (!name.includes('/')) {
    if (!isHugePages(name) && !computeResources.has(name))
      errors.push(invalid(path, name, 'must be a standard resource for containers'))
  } else if (!isNative(name) && !isExtended(name))
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"))
}

/** Adds what is wrong with requests and limits; `checkName`: which resources there may be. */
// pkg/apis/core/validation/validation.go validateResourceRequirements
export function checkResources(
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
  checkName = checkResourceName,
): void {
  if (!resources) return
  const { limits = {}, requests = {} } = resources
  for (const name in limits) checkAmount(name, limits[name] ?? '', path.child('limits').key(name), errors, checkName)
  for (const name in requests) {
    checkAmount(name, requests[name] ?? '', path.child('requests').key(name), errors, checkName)
    checkAgainstLimit(name, requests[name] ?? '', limits[name], path, errors)
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory'))
    errors.push(forbidden(path, 'HugePages require cpu or memory'))
  checkClaims(resources, claims, path.child('claims'), errors)
}

function checkAmount(
  name: string,
  text: string,
  path: FieldPath,
  errors: FieldError[],
  checkName: typeof checkResourceName,
): void {
  checkName(name, path, errors)
  const amount = checkQuantity(name, text, path, errors)
  if (!amount || !isHugePages(name)) return
  const size = quantityOr(name.slice('hugepages-'.length))
  if (size && !size.isZero && amount.value() % size.value() !== 0)
    errors.push(invalid(path, amount.toString(), `${amount} is not positive integer multiple of ${name}`))
}

function checkAgainstLimit(
  name: string,
  text: string,
  limitText: string | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const amount = quantityOr(text)
  const limit = quantityOr(limitText)
  if (limitText === undefined) {
    if (!mayOvercommit(name))
      errors.push(required(path.child('limits'), 'Limit must be set for non overcommitable resources'))
    return
  }
  if (!amount || !limit) return
  const at = path.child('requests')
  if (amount.cmp(limit) !== 0 && !mayOvercommit(name))
    errors.push(invalid(at, amount.toString(), `must be equal to ${name} limit of ${limit}`))
  else if (amount.cmp(limit) > 0)
    errors.push(invalid(at, amount.toString(), `must be less than or equal to ${name} limit of ${limit}`))
}

function checkClaims(
  { claims = [] }: ResourceRequirements,
  known: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  const inPart = new Set<string>()
  for (const [i, { name, request }] of claims.entries()) {
    const at = path.index(i)
    if (!name) {
      errors.push(required(at))
      continue
    }
    if (seen.has(name)) errors.push(duplicate(at, name))
    else {
      if (request) checkText(request, isDNS1123Label, at.child('request'), errors)
      const key = request ? `${name}/${request}` : name
      if (seen.has(key)) errors.push(duplicate(at, key))
      // all requests of a claim some of whose requests were named before
      else if (!request && inPart.has(name)) errors.push(duplicate(at, name))
      seen.add(key)
      if (request) inPart.add(name)
    }
    if (known.has(name)) continue
    const list = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`
    errors.push({ ...notFound(at, name), detail: `must be one of the names in pod.spec.resourceClaims${list}` })
  }
}
