import type { Service, ServiceSpec } from '../../../types/core-v1.ts'
import { isExternallyAccessible, needsClusterIP, needsHealthCheck, needsNodePort } from './facts.ts'

// pkg/registry/core/service/strategy.go PrepareForCreate; storage/storage.go normalizeClusterIPs
export function prepareForCreate({ spec }: Service): void {
  if (spec.clusterIP && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP]
}

// pkg/registry/core/service/strategy.go PrepareForUpdate
export function prepareForUpdate({ spec }: Service, { spec: old }: Service): void {
  normalizeClusterIPs(spec, old)
  keepAllocated(spec, old)
  dropForType(spec, old)
}

// pkg/registry/core/service/storage/storage.go normalizeClusterIPs: who changes one of the two fields means both
function normalizeClusterIPs(spec: ServiceSpec, old: ServiceSpec): void {
  const same = JSON.stringify(spec.clusterIPs ?? []) === JSON.stringify(old.clusterIPs ?? [])
  if ((spec.clusterIP ?? '') === (old.clusterIP ?? '')) {
    // clusterIP kept and clusterIPs cleared: an old client that does not know of the list
    if (spec.clusterIP && (spec.clusterIPs ?? []).length === 0 && old.clusterIPs) spec.clusterIPs = [...old.clusterIPs]
    return
  }
  if (!same) return
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP, ...(old.clusterIPs ?? []).slice(1)]
  else delete spec.clusterIPs
}

// pkg/registry/core/service/strategy.go patchAllocatedValues: what was given out stays when a client leaves it out
function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIP(old) && needsClusterIP(spec)) {
    if (old.ipFamilyPolicy !== undefined) spec.ipFamilyPolicy ??= old.ipFamilyPolicy
    if (old.ipFamilies && (spec.ipFamilies ?? []).length === 0) spec.ipFamilies = [...old.ipFamilies]
  }
  if (needsClusterIP(old) && needsClusterIP(spec) && !spec.clusterIP && (spec.clusterIPs ?? []).length === 0) {
    if (old.clusterIP) spec.clusterIP = old.clusterIP
    if (old.clusterIPs) spec.clusterIPs = [...old.clusterIPs]
  }
  if (needsNodePort(old) && needsNodePort(spec)) {
    const key = (port: { protocol?: string; port: number }) => `${port.protocol}/${port.port}`
    const known = new Map((old.ports ?? []).map((port) => [key(port), port.nodePort]))
    const used = new Set((spec.ports ?? []).map((port) => port.nodePort))
    for (const port of spec.ports ?? []) {
      const nodePort = known.get(key(port))
      if (!port.nodePort && nodePort && !used.has(nodePort)) port.nodePort = nodePort
    }
  }
  if (needsHealthCheck(old) && needsHealthCheck(spec)) {
    if (old.healthCheckNodePort) spec.healthCheckNodePort ||= old.healthCheckNodePort
  }
}

// pkg/registry/core/service/strategy.go dropTypeDependentFields: what the old type needed and was not changed goes
function dropForType(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIP(old) && !needsClusterIP(spec) && spec.clusterIP === old.clusterIP) {
    delete spec.clusterIP
    delete spec.clusterIPs
    delete spec.ipFamilies
    delete spec.ipFamilyPolicy
  }
  if (needsNodePort(old) && !needsNodePort(spec)) {
    const before = new Set((old.ports ?? []).map((port) => port.nodePort))
    if ((spec.ports ?? []).every((port) => !port.nodePort || before.has(port.nodePort)))
      for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec) && spec.healthCheckNodePort === old.healthCheckNodePort)
    delete spec.healthCheckNodePort
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec))
    if (spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy
}
