import * as field from '../../../machinery/fieldpath.ts'
import type { FieldError, FieldPath } from '../../../machinery/fieldpath.ts'

/** Resources of a rule: "pods", "pods/status", "pods/*", "*", "*\/scale", "*\/*". */
// pkg/apis/admissionregistration/validation/validation.go validateResources
export function checkResources(resources: readonly string[] = [], path: FieldPath, errors: FieldError[]): void {
  if (resources.length === 0) errors.push(field.required(path))
  const withAllSubresources = new Set<string>()
  const ofAllResources = new Set<string>()
  let lastIsPlain = false
  for (const [i, text] of resources.entries()) {
    if (text === '') {
      errors.push(field.required(path.index(i)))
      continue
    }
    const slash = text.indexOf('/')
    if (slash < 0) {
      lastIsPlain = text !== '*'
      continue
    }
    const resource = text.slice(0, slash)
    const subresource = text.slice(slash + 1)
    const refuse = (present: string): void => {
      errors.push(field.invalid(path.index(i), text, `if '${present}' is present, must not specify ${text}`))
    }
    if (withAllSubresources.has(resource)) refuse(`${resource}/*`)
    if (ofAllResources.has(subresource)) refuse(`*/${subresource}`)
    if (subresource === '*') withAllSubresources.add(resource)
    if (resource === '*') ofAllResources.add(subresource)
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(field.invalid(path, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && lastIsPlain) {
    const text = "if '*' is present, must not specify other resources without subresources"
    errors.push(field.invalid(path, resources, text))
  }
}
