import type { KubeObject } from '../../../machinery/object.ts'
import type { TypedLocalObjectReference } from '../../types/core-v1.ts'
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule } from '../../types/networking-v1.ts'

/** A backend of v1beta1: a port is a number or a name in one field. */
interface OldBackend {
  serviceName?: string
  servicePort?: number | string
  resource?: TypedLocalObjectReference
}
interface OldPath extends Omit<HTTPIngressPath, 'backend'> {
  backend?: OldBackend
}
interface OldRule extends Omit<IngressRule, 'http'> {
  http?: { paths?: OldPath[] }
}
type OldIngress = KubeObject & { spec?: { backend?: OldBackend; rules?: OldRule[] } & Record<string, unknown> }

// pkg/apis/networking/v1beta1/conversion.go Convert_v1beta1_IngressBackend_To_networking_IngressBackend
function backendToV1({ serviceName, servicePort, resource }: OldBackend): IngressBackend {
  const given = serviceName !== undefined || (servicePort !== undefined && servicePort !== 0)
  const port =
    typeof servicePort === 'string' ? { name: servicePort } : servicePort === undefined ? {} : { number: servicePort }
  return {
    ...(given && { service: { name: serviceName ?? '', port } }),
    ...(resource && { resource }),
  }
}

// pkg/apis/networking/v1beta1/conversion.go Convert_networking_IngressBackend_To_v1beta1_IngressBackend
function backendFromV1({ service, resource }: IngressBackend): OldBackend {
  const port = service?.port?.name ? service.port.name : service?.port?.number
  return {
    ...(service && { serviceName: service.name }),
    ...(port !== undefined && { servicePort: port }),
    ...(resource && { resource }),
  }
}

export function ingressToV1(obj: KubeObject): KubeObject {
  const { spec } = obj as OldIngress
  if (!spec) return obj
  const { backend, rules, ...rest } = spec
  const http = (rule: OldRule) => ({
    paths: (rule.http?.paths ?? []).map((path) => ({ ...path, backend: backendToV1(path.backend ?? {}) })),
  })
  return {
    ...obj,
    spec: {
      ...rest,
      ...(backend && { defaultBackend: backendToV1(backend) }),
      ...(rules && { rules: rules.map((rule) => (rule.http ? { ...rule, http: http(rule) } : rule)) }),
    },
  } as KubeObject
}

export function ingressFromV1(obj: KubeObject): KubeObject {
  const { spec } = obj as Ingress
  if (!spec) return obj
  const { defaultBackend, rules, ...rest } = spec
  const http = (rule: IngressRule) => ({
    paths: (rule.http?.paths ?? []).map((path) => ({ ...path, backend: backendFromV1(path.backend ?? {}) })),
  })
  return {
    ...obj,
    spec: {
      ...rest,
      ...(defaultBackend && { backend: backendFromV1(defaultBackend) }),
      ...(rules && { rules: rules.map((rule) => (rule.http ? { ...rule, http: http(rule) } : rule)) }),
    },
  } as KubeObject
}

/** A path of v1beta1 need not say how it is matched. */
// pkg/apis/networking/v1beta1/defaults.go SetDefaults_HTTPIngressPath
export function ingressDefaults(obj: KubeObject): void {
  for (const rule of (obj as OldIngress).spec?.rules ?? [])
    for (const path of rule.http?.paths ?? []) path.pathType ??= 'ImplementationSpecific'
}
