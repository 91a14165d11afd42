import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import { isIPv4 } from 'node:net'
import type { Protocol, ServicePort } from './model.ts'

const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'

/**
 * The ports of a Service that want kernel rules: none for headless and ExternalName Services.
 * Addresses of another family than IPv4 are left out.
 */
// pkg/proxy/serviceport.go newBaseServiceInfo, pkg/proxy/util/utils.go ShouldSkipService
export function servicePorts(service: Service): ServicePort[] {
  const spec = service.spec
  if (!spec || spec.type === 'ExternalName') return []
  const clusterIP = [...(spec.clusterIPs ?? []), spec.clusterIP].find((ip) => ip && isIPv4(ip))
  if (!clusterIP) return []

  const namespace = service.metadata.namespace ?? ''
  const serviceName = service.metadata.name ?? ''
  const externalLocal = spec.externalTrafficPolicy === 'Local'
  const affinity = spec.sessionAffinity === 'ClientIP'
  return (spec.ports ?? []).map((port) => ({
    namespace,
    service: serviceName,
    name: servicePortName(namespace, serviceName, port.name),
    protocol: (port.protocol ?? 'TCP') as Protocol,
    clusterIP,
    port: port.port,
    nodePort: port.nodePort ?? 0,
    externalIPs: (spec.externalIPs ?? []).filter((ip) => isIPv4(ip)),
    loadBalancerIPs: loadBalancerIPs(service),
    sourceRanges: sourceRanges(service),
    affinitySeconds: affinity ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800) : undefined,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal,
    healthCheckNodePort: spec.type === 'LoadBalancer' && externalLocal ? (spec.healthCheckNodePort ?? 0) : 0,
  }))
}

/** "namespace/service:port"; an unnamed port adds nothing. */
// pkg/proxy/types.go ServicePortName.String
export function servicePortName(namespace: string, service: string, port: string | undefined): string {
  return port ? `${namespace}/${service}:${port}` : `${namespace}/${service}`
}

/** A proxied address (ipMode Proxy) is handled in front of the node, so it gets no rules. */
function loadBalancerIPs(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress) =>
    ingress.ip && isIPv4(ingress.ip) && ingress.ipMode !== 'Proxy' ? [ingress.ip] : [],
  )
}

function sourceRanges(service: Service): string[] {
  const annotation = service.metadata.annotations?.[sourceRangesAnnotation]?.trim()
  const ranges = service.spec?.loadBalancerSourceRanges?.length
    ? service.spec.loadBalancerSourceRanges
    : (annotation?.split(',') ?? [])
  const usable = ranges.map((range) => range.trim()).filter((range) => isIPv4(range.split('/')[0] ?? ''))
  // a list that admits everyone needs no firewall
  return usable.some((range) => range.endsWith('/0')) ? [] : usable
}
