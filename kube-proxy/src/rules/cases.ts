// The cases the rule tests share: Services, their slices, and the node that sees them.
import type { Service, ServicePort, ServiceSpec } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import type { ProxyNode, RulesConfig } from './model.ts'

export const node: ProxyNode = { name: 'node-1', ip: '192.168.0.2', zone: 'zone-a' }

export const config: RulesConfig = {
  clusterCIDR: '10.244.0.0/16',
  serviceCIDR: '172.30.0.0/16',
  localhostNodePorts: true,
  masqueradeBit: 14,
  randomFully: true,
}

export const tcp80: ServicePort = { name: 'p80', port: 80, protocol: 'TCP', targetPort: 80 }

export function service(name: string, spec: Partial<ServiceSpec>, ingress: string[] = []): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: name.replace('svc', 'ns'), name },
    spec: { type: 'ClusterIP', ports: [tcp80], ...spec },
    ...(ingress.length > 0
      ? { status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip, ipMode: 'VIP' })) } } }
      : {}),
  }
}

export interface EndpointCase {
  ip: string
  node?: string
  conditions?: Endpoint['conditions']
  hints?: Endpoint['hints']
}

export function slice(name: string, endpoints: EndpointCase[], port: Partial<ServicePort> = tcp80): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: name.replace('svc', 'ns'),
      name: `${name}-abcde`,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    ports: [{ name: port.name ?? '', port: port.port ?? 80, protocol: port.protocol ?? 'TCP' }],
    endpoints: endpoints.map(({ ip, node: nodeName, ...rest }) => ({
      addresses: [ip],
      conditions: { ready: true, serving: true, terminating: false },
      ...(nodeName ? { nodeName } : {}),
      ...rest,
    })),
  }
}

export interface RuleCase {
  name: string
  services: Service[]
  slices: EndpointSlice[]
  config?: Partial<RulesConfig>
}

const terminating = { ready: false, serving: true, terminating: true }
const dns: ServicePort = { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }

export const ruleCases: RuleCase[] = [
  {
    name: 'cluster-ip',
    services: [service('svc1', { clusterIP: '172.30.0.41' })],
    slices: [slice('svc1', [{ ip: '10.180.0.1' }, { ip: '10.180.0.2' }, { ip: '10.180.0.3' }])],
  },
  { name: 'no-services', services: [], slices: [] },
  {
    name: 'no-endpoints',
    services: [
      service(
        'svc6',
        {
          type: 'LoadBalancer',
          clusterIP: '172.30.0.46',
          externalIPs: ['192.168.99.6'],
          ports: [{ ...tcp80, nodePort: 30006 }],
        },
        ['1.2.3.6'],
      ),
    ],
    slices: [],
  },
  {
    name: 'load-balancer-local-source-ranges',
    services: [
      service(
        'svc2',
        {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          clusterIP: '172.30.0.42',
          externalIPs: ['192.168.99.22'],
          loadBalancerSourceRanges: ['203.0.113.0/25', '192.168.0.0/24'],
          healthCheckNodePort: 30000,
          ports: [{ ...tcp80, nodePort: 30001 }],
        },
        ['1.2.3.4'],
      ),
    ],
    slices: [
      slice('svc2', [
        { ip: '10.180.0.2', node: 'node-1' },
        { ip: '10.180.1.2', node: 'node-2' },
      ]),
    ],
  },
  {
    name: 'node-port-local-without-local-endpoint',
    services: [
      service('svc3', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        clusterIP: '172.30.0.43',
        ports: [{ ...tcp80, nodePort: 30003 }],
      }),
    ],
    slices: [slice('svc3', [{ ip: '10.180.1.3', node: 'node-2' }])],
  },
  {
    name: 'internal-local-without-local-endpoint',
    services: [service('svc4', { clusterIP: '172.30.0.44', internalTrafficPolicy: 'Local' })],
    slices: [slice('svc4', [{ ip: '10.180.1.4', node: 'node-2' }])],
  },
  {
    name: 'session-affinity-external-ip',
    services: [
      service('svc5', {
        clusterIP: '172.30.0.45',
        externalIPs: ['192.168.99.5'],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 300 } },
      }),
    ],
    slices: [slice('svc5', [{ ip: '10.180.0.4' }, { ip: '10.180.0.5' }])],
  },
  {
    name: 'udp-and-unnamed-port',
    services: [
      service('svc7', { clusterIP: '172.30.0.47', ports: [dns] }),
      service('svc8', { clusterIP: '172.30.0.48', ports: [{ port: 443, protocol: 'TCP' }] }),
    ],
    slices: [
      slice('svc7', [{ ip: '10.180.0.7' }], dns),
      slice('svc8', [{ ip: '10.180.0.8' }], { name: '', port: 6443, protocol: 'TCP' }),
    ],
  },
  {
    name: 'headless-and-external-name',
    services: [
      service('svc9', { clusterIP: 'None' }),
      service('svc10', { type: 'ExternalName', externalName: 'example.com' }),
    ],
    slices: [slice('svc9', [{ ip: '10.180.0.9' }])],
  },
  {
    name: 'terminating-endpoints-only',
    services: [service('svc11', { clusterIP: '172.30.0.51' })],
    slices: [
      slice('svc11', [
        { ip: '10.180.0.11', conditions: terminating },
        { ip: '10.180.0.12', conditions: { ready: false, serving: false, terminating: true } },
      ]),
    ],
  },
  {
    name: 'zone-hints',
    services: [service('svc12', { clusterIP: '172.30.0.52' })],
    slices: [
      slice('svc12', [
        { ip: '10.180.0.13', hints: { forZones: [{ name: 'zone-a' }] } },
        { ip: '10.180.0.14', hints: { forZones: [{ name: 'zone-b' }] } },
      ]),
    ],
  },
  {
    name: 'bare-configuration',
    services: [service('svc1', { type: 'NodePort', clusterIP: '172.30.0.41', ports: [{ ...tcp80, nodePort: 30001 }] })],
    slices: [slice('svc1', [{ ip: '10.180.0.1' }])],
    config: { clusterCIDR: undefined, serviceCIDR: undefined, localhostNodePorts: false, randomFully: false },
  },
]
