import { invalid, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import { parseQuantity, type Quantity } from '../../machinery/quantity.ts'
import { quote } from '../../machinery/quote.ts'

export type ResourceList = Record<string, string>

/** Brings quantities into their canonical form (0.5 → 500m), in place; what is no quantity stays as it is. */
// pkg/apis/core/v1/defaults.go SetDefaults_ResourceList
export function canonicalize(list: ResourceList | undefined): void {
  for (const name in list) {
    const quantity = quantityOr(list[name])
    if (quantity) list[name] = quantity.toString()
  }
}

/** The quantity, or undefined where the text is none. */
export function quantityOr(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined
  try {
    return parseQuantity(text)
  } catch {
    return undefined
  }
}

/** Adds what is wrong with an amount of a resource; returns it where it can be read. */
// pkg/apis/core/validation/validation.go ValidateResourceQuantityValue
export function checkQuantity(
  resource: string,
  text: string,
  path: FieldPath,
  errors: FieldError[],
): Quantity | undefined {
  const quantity = quantityOr(text)
  if (!quantity) {
    const pattern = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
    errors.push(invalid(path, text, `quantities must match the regular expression '${pattern}'`))
    return undefined
  }
  if (quantity.sign < 0) errors.push(invalid(path, quantity.toString(), 'must be greater than or equal to 0'))
  if (isInteger(resource) && quantity.milliValue() % 1000 !== 0)
    errors.push(invalid(path, quantity.toString(), 'must be an integer'))
  return quantity
}

/** Warnings about bytes that are not whole. */
// pkg/api/pod/warnings.go warningsForPodSpecAndMeta
export function fractionWarnings(list: ResourceList | undefined, names: readonly string[], path: FieldPath): string[] {
  return names.flatMap((name) => {
    const amount = quantityOr(list?.[name])
    if (!amount || amount.milliValue() % 1000 === 0) return []
    return [`${path.key(name)}: fractional byte value ${quote(amount.toString())} is invalid, must be an integer`]
  })
}

const integers = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])

const isInteger = (resource: string): boolean => integers.has(resource) || isExtended(resource)

/** Resources of Kubernetes itself: without a domain, or with kubernetes.io in it. */
export const isNative = (resource: string): boolean => !resource.includes('/') || resource.includes('kubernetes.io/')

// pkg/apis/core/helper/helpers.go IsExtendedResourceName
export const isExtended = (resource: string): boolean => !isNative(resource) && !resource.startsWith('requests.')

/** How Pods ask for devices of a class by its name. */
// staging/src/k8s.io/api/resource/v1/types.go ResourceDeviceClassPrefix
export const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/'

export const isHugePages = (resource: string): boolean => resource.startsWith('hugepages-')

// pkg/apis/core/helper/helpers.go IsQuotaHugePageResourceName
export const isQuotaHugePages = (resource: string): boolean =>
  isHugePages(resource) || resource.startsWith('requests.hugepages-')

// pkg/apis/core/helper/helpers.go IsOvercommitAllowed
export const mayOvercommit = (resource: string): boolean => isNative(resource) && !isHugePages(resource)
