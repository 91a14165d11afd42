import { invalid, notSupported, required, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../machinery/names.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../types/core-v1.ts'
import { checkText } from '../checks.ts'
import { quantityOr } from '../quantities.ts'

// What the downward API can name: in the environment and in volumes.

export const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

export const volumeFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]

// pkg/apis/core/pods/helpers.go ConvertDownwardAPIFieldLabel
const known = new Set([...envFields, ...volumeFields, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase'])

// pkg/apis/core/validation/validation.go validateObjectFieldSelector
export function checkFieldRef(
  ref: ObjectFieldSelector,
  allowed: readonly string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!ref.apiVersion) {
    errors.push(required(path.child('apiVersion')))
    return
  }
  if (!ref.fieldPath) {
    errors.push(required(path.child('fieldPath')))
    return
  }
  const subscript = /^(.*)\['(.*)'\]$/.exec(ref.fieldPath)
  const field = subscript?.[1] ?? ref.fieldPath
  const isMap = field === 'metadata.annotations' || field === 'metadata.labels'
  if (!known.has(field) || (subscript && !isMap)) {
    const detail = subscript
      ? 'error converting fieldPath: field label does not support subscript: ' + ref.fieldPath
      : `error converting fieldPath: field label not supported: ${ref.fieldPath}`
    errors.push(invalid(path.child('fieldPath'), ref.fieldPath, detail))
    return
  }
  if (subscript) {
    const key = subscript[2] ?? ''
    checkText(field === 'metadata.annotations' ? key.toLowerCase() : key, isQualifiedName, path, errors)
  } else if (!allowed.includes(field)) errors.push(notSupported(path.child('fieldPath'), field, allowed))
}

const resources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const isHugePages = (name: string) => name.startsWith('limits.hugepages-') || name.startsWith('requests.hugepages-')

// pkg/apis/core/validation/validation.go validateContainerResourceFieldSelector
export function checkResourceRef(ref: ResourceFieldSelector, inVolume: boolean, path: FieldPath, errors: FieldError[]) {
  if (inVolume && !ref.containerName) errors.push(required(path.child('containerName')))
  else if (!ref.resource) errors.push(required(path.child('resource')))
  else if (!resources.includes(ref.resource) && !isHugePages(ref.resource))
    errors.push(notSupported(path.child('resource'), ref.resource, resources))
  checkDivisor(ref, path.child('divisor'), errors)
}

const cpuDivisors = ['1m', '1']
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

// pkg/apis/core/validation/validation.go validateContainerResourceDivisor
function checkDivisor({ resource, divisor }: ResourceFieldSelector, path: FieldPath, errors: FieldError[]): void {
  const value = quantityOr(divisor)
  if (!value || value.isZero) return
  const text = value.toString()
  const what = resource.split('.').slice(1).join('.')
  if (what === 'cpu') {
    if (!cpuDivisors.includes(text))
      errors.push(invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource"))
  } else if (!byteDivisors.includes(text)) {
    const names: Record<string, string> = { memory: 'memory', 'ephemeral-storage': 'local ephemeral storage' }
    const name = names[what] ?? 'hugepages'
    errors.push(
      invalid(
        path,
        resource,
        `only divisor's values ${byteDivisors.join(', ')} are supported with the ${name} resource`,
      ),
    )
  }
}
