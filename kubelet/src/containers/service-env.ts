import type { Service } from '@kubets/shared/api/types/core-v1.ts'

/** The variables by which a container finds Services: {SVC}_SERVICE_HOST and Docker's link style. */
// pkg/kubelet/envvars/envvars.go FromServices
export function serviceEnv(services: readonly Service[]): Map<string, string> {
  const env = new Map<string, string>()
  for (const service of services) {
    const ip = service.spec.clusterIP
    const ports = service.spec.ports ?? []
    const first = ports[0]
    if (!ip || ip === 'None' || !first) continue
    const name = variableName(service.metadata.name ?? '')
    env.set(`${name}_SERVICE_HOST`, ip)
    env.set(`${name}_SERVICE_PORT`, String(first.port))
    for (const port of ports) {
      if (port.name) env.set(`${name}_SERVICE_PORT_${variableName(port.name)}`, String(port.port))
    }
    for (const [index, port] of ports.entries()) {
      const protocol = port.protocol ?? 'TCP'
      const host = ip.includes(':') ? `[${ip}]` : ip
      const url = `${protocol.toLowerCase()}://${host}:${port.port}`
      const prefix = `${name}_PORT_${port.port}_${protocol.toUpperCase()}`
      if (index === 0) env.set(`${name}_PORT`, url)
      env.set(prefix, url)
      env.set(`${prefix}_PROTO`, protocol.toLowerCase())
      env.set(`${prefix}_PORT`, String(port.port))
      env.set(`${prefix}_ADDR`, ip)
    }
  }
  return env
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

/** The Services a Pod's containers are told of: those of its namespace if it wants them, and the API server's always. */
// pkg/kubelet/kubelet_pods.go getServiceEnvVarMap
export function linkedServices(
  ofNamespace: readonly Service[],
  ofDefault: readonly Service[],
  enableServiceLinks: boolean,
): Service[] {
  const master = ofDefault.filter((service) => service.metadata.name === 'kubernetes')
  if (!enableServiceLinks) return master
  return [...master.filter((one) => !ofNamespace.some((other) => sameName(one, other))), ...ofNamespace]
}

// a Service of the Pod's own namespace comes before the API server's of the same name
function sameName(a: Service, b: Service): boolean {
  return a.metadata.name === b.metadata.name
}
