import { isIP } from 'node:net'
import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import {
  isDNS1035Label,
  isDNS1123Subdomain,
  isPortName,
  isPortNumber,
  isWildcardDNS1123Subdomain,
} from '../../../../machinery/names.ts'
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule } from '../../../types/networking-v1.ts'
import type { TypedLocalObjectReference } from '../../../types/core-v1.ts'
import { checkIP } from '../../addresses.ts'
import { checkSegment, checkText } from '../../checks.ts'

const path = new FieldPath('spec')
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']

// pkg/apis/networking/validation/validation.go ValidateIngressSpec
export function validate({ spec }: Ingress): FieldError[] {
  const errors: FieldError[] = []
  const rules = spec.rules ?? []
  if (rules.length === 0 && !spec.defaultBackend)
    errors.push(invalid(path, rules, 'either `defaultBackend` or `rules` must be specified'))
  if (spec.defaultBackend) checkBackend(spec.defaultBackend, path.child('defaultBackend'), errors)
  for (const [i, rule] of rules.entries()) checkRule(rule, path.child('rules').index(i), errors)
  for (const [i, { hosts = [] }] of (spec.tls ?? []).entries())
    for (const [j, host] of hosts.entries()) checkHost(host, path.child('tls').index(i).child('hosts').index(j), errors)
  for (const [i, { secretName }] of (spec.tls ?? []).entries())
    if (secretName) checkText(secretName, isDNS1123Subdomain, path.child('tls').index(i).child('secretName'), errors)
  if (spec.ingressClassName !== undefined)
    checkText(spec.ingressClassName, isDNS1123Subdomain, path.child('ingressClassName'), errors)
  return errors
}

function checkHost(host: string, at: FieldPath, errors: FieldError[]): void {
  checkText(host, host.includes('*') ? isWildcardDNS1123Subdomain : isDNS1123Subdomain, at, errors)
}

function checkRule(rule: IngressRule, at: FieldPath, errors: FieldError[]): void {
  if (rule.host) {
    if (isIP(rule.host) !== 0)
      errors.push(invalid(at.child('host'), rule.host, 'must be a DNS name, not an IP address'))
    checkHost(rule.host, at.child('host'), errors)
  }
  if (!rule.http) return
  const paths = rule.http.paths ?? []
  if (paths.length === 0) errors.push(required(at.child('http', 'paths')))
  for (const [i, one] of paths.entries()) checkPath(one, at.child('http', 'paths').index(i), errors)
}

// pkg/apis/networking/validation/validation.go validateHTTPIngressPath
function checkPath({ path: text = '', pathType, backend }: HTTPIngressPath, at: FieldPath, errors: FieldError[]): void {
  if (!pathType) {
    errors.push(required(at.child('pathType'), 'pathType must be specified'))
    return
  }
  if (!pathTypes.includes(pathType)) errors.push(notSupported(at.child('pathType'), pathType, pathTypes))
  else if (pathType !== 'ImplementationSpecific') {
    if (!text.startsWith('/')) errors.push(invalid(at.child('path'), text, 'must be an absolute path'))
    for (const part of ['//', '/./', '/../', '%2f', '%2F'])
      if (text.includes(part)) errors.push(invalid(at.child('path'), text, `must not contain '${part}'`))
    for (const end of ['/..', '/.'])
      if (text.endsWith(end)) errors.push(invalid(at.child('path'), text, `cannot end with '${end}'`))
  } else if (text && !text.startsWith('/')) errors.push(invalid(at.child('path'), text, 'must be an absolute path'))
  checkBackend(backend ?? {}, at.child('backend'), errors)
}

// pkg/apis/networking/validation/validation.go validateIngressBackend
function checkBackend({ service, resource }: IngressBackend, at: FieldPath, errors: FieldError[]): void {
  if (resource && service) {
    errors.push(invalid(at, '', 'cannot set both resource and service backends'))
    return
  }
  if (resource) {
    checkResource(resource, at.child('resource'), errors)
    return
  }
  if (!service) {
    errors.push(invalid(at, '', 'resource or service backend is required'))
    return
  }
  if (!service.name) errors.push(required(at.child('service', 'name')))
  else checkText(service.name, isDNS1035Label, at.child('service', 'name'), errors)
  const { name, number = 0 } = service.port ?? {}
  const where = at.child('service', 'port')
  if (name && number !== 0) errors.push(invalid(at, '', 'cannot set both port name & port number'))
  else if (name) checkText(name, isPortName, where.child('name'), errors)
  else if (number === 0) errors.push(required(at, 'port name or number is required'))
  else for (const text of isPortNumber(number)) errors.push(invalid(where.child('number'), number, text))
}

// pkg/apis/networking/validation/validation.go validateIngressTypedLocalObjectReference
function checkResource({ apiGroup, kind, name }: TypedLocalObjectReference, at: FieldPath, errors: FieldError[]): void {
  if (apiGroup !== undefined) checkText(apiGroup, isDNS1123Subdomain, at.child('apiGroup'), errors)
  if (!kind) errors.push(required(at.child('kind')))
  else checkSegment(kind, at.child('kind'), errors)
  if (!name) errors.push(required(at.child('name')))
  else checkSegment(name, at.child('name'), errors)
}

const annotation = 'kubernetes.io/ingress.class'

// pkg/apis/networking/validation/validation.go ValidateIngressCreate: the annotation is what the field was before
export function validateCreate(obj: Ingress): FieldError[] {
  const errors: FieldError[] = []
  const value = obj.metadata.annotations?.[annotation]
  if (value !== undefined && obj.spec.ingressClassName !== undefined) {
    const at = new FieldPath('annotations').child(annotation)
    errors.push(invalid(at, value, 'can not be set when the class field is also set'))
  }
  return errors.concat(validate(obj))
}

// pkg/apis/networking/validation/validation.go ValidateIngressLoadBalancerStatus
export function validateStatusUpdate({ status }: Ingress): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const at = new FieldPath('status', 'loadBalancer', 'ingress').index(i)
    if (ip) checkIP(ip, at.child('ip'), errors)
    if (!hostname) continue
    checkText(hostname, isDNS1123Subdomain, at.child('hostname'), errors)
    if (isIP(hostname) !== 0)
      errors.push(invalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address'))
  }
  return errors
}
