import type { Pod, Service, ServiceSpec } from '@kubets/shared/api/types/core-v1.ts'

/** A Service for the tests, selecting app=web on port 80. */
export const testService = (spec: Partial<ServiceSpec> = {}, labels?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'n', uid: 's', ...(labels ? { labels } : {}) },
  spec: {
    clusterIP: '10.96.0.9',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
    ...spec,
  },
})

interface Shape {
  ip?: string
  ready?: boolean
  deleted?: boolean
  phase?: string
  hostname?: string
  subdomain?: string
  portName?: string
  port?: number
  node?: string
}

/** A Pod for the tests; its address is given or absent. */
export const testPod = (name: string, shape: Shape = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'n',
    uid: `uid-${name}`,
    labels: { app: 'web' },
    ...(shape.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  },
  spec: {
    nodeName: shape.node ?? 'node',
    ...(shape.hostname ? { hostname: shape.hostname } : {}),
    ...(shape.subdomain ? { subdomain: shape.subdomain } : {}),
    containers: [
      {
        name: 'c',
        ...(shape.portName
          ? { ports: [{ name: shape.portName, containerPort: shape.port ?? 1, protocol: 'TCP' }] }
          : {}),
      },
    ],
  },
  status: {
    phase: shape.phase ?? 'Running',
    ...(shape.ip ? { podIP: shape.ip, podIPs: [{ ip: shape.ip }] } : {}),
    conditions: [{ type: 'Ready', status: (shape.ready ?? true) ? 'True' : 'False' }],
  },
})
