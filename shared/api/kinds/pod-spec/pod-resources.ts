import { forbidden, invalid, notSupported, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { parseQuantity } from '../../../machinery/quantity.ts'
import { containerTotals } from '../../pod.ts'
import type { PodSpec } from '../../types/core-v1.ts'
import { isHugePages } from '../quantities.ts'
import { checkComputeName, checkResources } from './resources.ts'

const supported = ['cpu', 'hugepages-', 'memory']

// pkg/apis/core/validation/validation.go validatePodResourceName
function checkName(name: string, path: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  checkComputeName(name, path, errors)
  if (errors.length === before && !supported.includes(name) && !isHugePages(name))
    errors.push(notSupported(path, name, supported))
}

/** Adds what is wrong with the resources of a Pod as a whole: `path` is that of the spec. */
// pkg/apis/core/validation/validation.go validatePodResources
export function checkPodResources(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (!spec.resources) return
  const at = path.child('resources')
  if (spec.os?.name === 'windows') {
    errors.push(forbidden(at, 'may not be set for a windows pod'))
    return
  }
  const { claims, ...resources } = spec.resources
  if (claims) errors.push(forbidden(at.child('claims'), 'claims may not be set for Resources at pod-level'))
  checkResources(resources, new Set(), at, errors, checkName)
  checkConsistency(spec, at, errors)
}

// pkg/apis/core/validation/validation.go validatePodResourceConsistency: the whole is no less than its parts
function checkConsistency(spec: PodSpec, at: FieldPath, errors: FieldError[]): void {
  const { requests = {}, limits = {} } = spec.resources ?? {}
  for (const [name, sum] of containerTotals(spec, 'requests')) {
    const request = requests[name] === undefined ? undefined : parseQuantity(requests[name])
    if (!request || sum.cmp(request) <= 0) continue
    const detail = `must be greater than or equal to aggregate container requests of ${sum}`
    errors.push(invalid(at.child('requests').key(name), request.toString(), detail))
  }
  for (const [name, sum] of containerTotals(spec, 'limits')) {
    const limit = limits[name] === undefined ? undefined : parseQuantity(limits[name])
    if (!isHugePages(name) || !limit || sum.cmp(limit) <= 0) continue
    const detail = `must be greater than or equal to aggregate container limits of ${sum}`
    errors.push(invalid(at.child('limits').key(name), limit.toString(), detail))
  }
  for (const [i, container] of (spec.containers ?? []).entries())
    for (const [name, text] of Object.entries(container.resources?.limits ?? {})) {
      const limit = limits[name] === undefined ? undefined : parseQuantity(limits[name])
      const own = parseQuantity(text)
      if (!limit || own.cmp(limit) <= 0) continue
      const detail = `must be less than or equal to pod limits of ${limit}`
      errors.push(invalid(at.child('containers').index(i).key(name).child('limits'), own.toString(), detail))
    }
}
