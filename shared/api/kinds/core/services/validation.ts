import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isPortNumber, isQualifiedName } from '../../../../machinery/names.ts'
import type { Service, ServiceSpec } from '../../../types/core-v1.ts'
import { checkCIDR, checkIP, checkNonSpecialIP, ipFamily } from '../../addresses.ts'
import { checkText } from '../../checks.ts'
import { checkLabels } from '../../meta.ts'
import { checkClusterIPs, checkClusterIPsUpdate } from './cluster-ips.ts'
import { isExternallyAccessible, isHeadless, needsHealthCheck } from './facts.ts'
import { checkPorts } from './ports.ts'

const path = new FieldPath('spec')
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const affinities = ['ClientIP', 'None']
const trafficPolicies = ['Cluster', 'Local']
const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
const oneDay = 86400

// pkg/apis/core/validation/validation.go ValidateService
export function validate({ spec, metadata }: Service): FieldError[] {
  const errors: FieldError[] = []
  checkTopologyMode(metadata.annotations ?? {}, errors)
  if ((spec.ports ?? []).length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName')
    errors.push(required(path.child('ports')))
  checkType(spec, errors)
  checkPorts(spec, path.child('ports'), errors)
  checkLabels(spec.selector, path.child('selector'), errors)
  checkAffinity(spec, errors)
  checkClusterIPs(spec, errors)
  for (const [i, address] of (spec.externalIPs ?? []).entries()) {
    const at = path.child('externalIPs').index(i)
    if (checkIP(address, at, errors)) checkNonSpecialIP(address, at, errors)
  }
  if (!spec.type) errors.push(required(path.child('type')))
  else if (!types.includes(spec.type)) errors.push(notSupported(path.child('type'), spec.type, types))
  checkLoadBalancer(spec, metadata.annotations ?? {}, errors)
  checkTraffic(spec, errors)
  return errors
}

// pkg/apis/core/validation/validation.go ValidateServiceUpdate
export function validateUpdate(obj: Service, old: Service): FieldError[] {
  const errors = checkClusterIPsUpdate(obj.spec, old.spec)
  const bothBalanced = obj.spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer'
  if (bothBalanced && obj.spec.loadBalancerClass !== old.spec.loadBalancerClass)
    errors.push(invalid(path.child('loadBalancerClass'), obj.spec.loadBalancerClass ?? null, 'may not change once set'))
  const bothChecked = needsHealthCheck(obj.spec) && needsHealthCheck(old.spec)
  if (bothChecked && (obj.spec.healthCheckNodePort ?? 0) !== (old.spec.healthCheckNodePort ?? 0))
    errors.push(forbidden(path.child('healthCheckNodePort'), 'field is immutable'))
  return errors.concat(validate(obj))
}

function checkType(spec: ServiceSpec, errors: FieldError[]): void {
  const { type } = spec
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec))
    errors.push(invalid(path.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${type} services`))
  if (type !== 'ExternalName') return
  const text = 'may not be set for ExternalName services'
  if ((spec.clusterIPs ?? []).length > 0) errors.push(forbidden(path.child('clusterIPs'), text))
  if ((spec.ipFamilies ?? []).length > 0) errors.push(forbidden(path.child('ipFamilies'), text))
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden(path.child('ipFamilyPolicy'), text))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (!name) errors.push(required(path.child('externalName')))
  else checkText(name, isDNS1123Subdomain, path.child('externalName'), errors)
}

// pkg/apis/core/validation/validation.go validateClientIPAffinityConfig
function checkAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec, errors: FieldError[]): void {
  const at = path.child('sessionAffinityConfig')
  if (!sessionAffinity) errors.push(required(path.child('sessionAffinity')))
  else if (!affinities.includes(sessionAffinity))
    errors.push(notSupported(path.child('sessionAffinity'), sessionAffinity, affinities))
  if (sessionAffinity === 'None' && config) errors.push(forbidden(at, 'must not be set when session affinity is None'))
  if (sessionAffinity !== 'ClientIP') return
  const text = 'when session affinity type is ClientIP'
  const seconds = config?.clientIP?.timeoutSeconds
  const where = at.child('clientIP', 'timeoutSeconds')
  if (!config) errors.push(required(at, text))
  else if (!config.clientIP) errors.push(required(at.child('clientIP'), text))
  else if (seconds === undefined) errors.push(required(where, text))
  else if (seconds <= 0 || seconds > oneDay)
    errors.push(invalid(where, seconds, `must be greater than 0 and less than ${oneDay}`))
}

const annotationsPath = new FieldPath('metadata', 'annotations')
const topologyHints = 'service.kubernetes.io/topology-aware-hints'
const topologyMode = 'service.kubernetes.io/topology-mode'

// the second annotation is the newer name of the first
function checkTopologyMode(annotations: Record<string, string>, errors: FieldError[]): void {
  const mode = annotations[topologyMode]
  const hints = annotations[topologyHints]
  if (mode === undefined || hints === undefined || mode === hints) return
  const detail = `must match annotations[${topologyHints}] when both are specified`
  errors.push(invalid(annotationsPath.key(topologyMode), mode, detail))
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'

function checkLoadBalancer(spec: ServiceSpec, annotations: Record<string, string>, errors: FieldError[]): void {
  const balanced = spec.type === 'LoadBalancer'
  const only = "may only be used when `type` is 'LoadBalancer'"
  const ranges = spec.loadBalancerSourceRanges ?? []
  const at = path.child('LoadBalancerSourceRanges')
  if (ranges.length > 0 && !balanced) errors.push(forbidden(at, only))
  for (const [i, range] of ranges.entries()) checkCIDR(range.trim(), at.index(i), errors)
  const annotation = annotations[rangesAnnotation]
  if (ranges.length === 0 && annotation !== undefined) {
    const where = annotationsPath.key(rangesAnnotation)
    if (!balanced) errors.push(forbidden(where, only))
    if (annotation.trim() !== '') for (const range of annotation.split(',')) checkCIDR(range.trim(), where, errors)
  }
  if (balanced && spec.allocateLoadBalancerNodePorts === undefined)
    errors.push(required(new FieldPath('allocateLoadBalancerNodePorts')))
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balanced)
    errors.push(forbidden(path.child('allocateLoadBalancerNodePorts'), only))
  if (spec.loadBalancerClass === undefined) return
  if (!balanced) errors.push(forbidden(path.child('loadBalancerClass'), only))
  else checkText(spec.loadBalancerClass, isQualifiedName, path.child('loadBalancerClass'), errors)
}

// pkg/apis/core/validation/validation.go validateServiceExternalTrafficPolicy
function checkTraffic(spec: ServiceSpec, errors: FieldError[]): void {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, healthCheckNodePort: port = 0 } = spec
  const at = path.child('externalTrafficPolicy')
  if (!isExternallyAccessible(spec)) {
    if (external) errors.push(invalid(at, external, 'may only be set for externally-accessible services'))
  } else if (!external) errors.push(required(at))
  else if (!trafficPolicies.includes(external)) errors.push(notSupported(at, external, trafficPolicies))
  const where = path.child('healthCheckNodePort')
  if (port !== 0 && !needsHealthCheck(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid(where, port, detail))
  } else if (port !== 0) for (const text of isPortNumber(port)) errors.push(invalid(where, port, text))
  if (internal === undefined) {
    if (spec.type !== 'ExternalName') errors.push(required(path.child('internalTrafficPolicy')))
  } else if (!trafficPolicies.includes(internal))
    errors.push(notSupported(path.child('internalTrafficPolicy'), internal, trafficPolicies))
  const distribution = spec.trafficDistribution
  if (distribution !== undefined && !distributions.includes(distribution))
    errors.push(notSupported(path.child('trafficDistribution'), distribution, distributions))
}

const modes = ['Proxy', 'VIP']

// pkg/apis/core/validation/validation.go ValidateLoadBalancerStatus
export function validateStatusUpdate({ spec, status }: Service): FieldError[] {
  const errors: FieldError[] = []
  const at = new FieldPath('status', 'loadBalancer', 'ingress')
  const ingresses = status?.loadBalancer?.ingress ?? []
  if (spec.type !== 'LoadBalancer' && ingresses.length > 0) {
    errors.push(forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'"))
    return errors
  }
  for (const [i, { ip, hostname, ipMode }] of ingresses.entries()) {
    const where = at.index(i)
    if (ip) checkIP(ip, where.child('ip'), errors)
    if (ipMode === undefined) {
      if (ip) errors.push(required(where.child('ipMode'), 'must be specified when `ip` is set'))
    } else if (!ip) errors.push(forbidden(where.child('ipMode'), 'may not be specified when `ip` is not set'))
    else if (!modes.includes(ipMode)) errors.push(notSupported(where.child('ipMode'), ipMode, modes))
    if (!hostname) continue
    checkText(hostname, isDNS1123Subdomain, where.child('hostname'), errors)
    if (ipFamily(hostname) !== 0)
      errors.push(invalid(where.child('hostname'), hostname, 'must be a DNS name, not an IP address'))
  }
  return errors
}
