import { describe, expect, it } from 'vitest'
import type { Container, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { ObjectSource } from '../objects.ts'
import { container, pod } from '../pods/fixtures.ts'
import { containerEnv } from './env.ts'
import { expand } from './expansion.ts'

const service = (name: string, clusterIP: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { clusterIP, ports: [{ name: 'http', port: 80 }] },
})

const forbidden = (resource: string): Promise<never> =>
  Promise.reject(new Error(`${resource} "forbidden" is forbidden: User "system:node:n" cannot get it`))

const objects: ObjectSource = {
  configMap: async (_, name) =>
    name === 'forbidden'
      ? forbidden('configmaps')
      : Promise.resolve(
          name === 'c'
            ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { KEY: 'from map', 'a=b': 'no' } }
            : undefined,
        ),
  secret: async (_, name) =>
    name === 'forbidden'
      ? forbidden('secrets')
      : Promise.resolve(
          name === 's'
            ? { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { k: btoa('hidden') } }
            : undefined,
        ),
  runtimeClass: () => Promise.resolve(undefined),
  services: (namespace) => (namespace === 'default' ? [service('kubernetes', '10.96.0.1')] : [service('db', 'None')]),
  claim: () => Promise.resolve(undefined),
  csiDriver: () => Promise.resolve(undefined),
  volumeAttachment: () => Promise.resolve(undefined),
  patchClaimStatus: () => Promise.resolve(),
  persistentVolume: () => Promise.resolve(undefined),
  token: () => Promise.reject(new Error('no tokens here')),
}

async function envOf(more: Partial<Container>): Promise<Record<string, string>> {
  const one = container('a', more)
  const context = {
    pod: pod({ containers: [one] }, { metadata: { name: 'web', namespace: 'team', uid: 'u1', labels: { app: 'x' } } }),
    container: one,
    addresses: { podIPs: ['10.244.0.7'], hostIPs: ['192.0.2.1'] },
    allocatable: { cpu: '2', memory: '4Gi', 'ephemeral-storage': '1Gi' },
    objects,
    volume: () => undefined,
  }
  return Object.fromEntries(await containerEnv(context, new AbortController().signal))
}

describe('containerEnv', () => {
  it('tells of the API server, whatever the namespace', async () => {
    expect(await envOf({})).toEqual({
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_SERVICE_PORT: '80',
      KUBERNETES_SERVICE_PORT_HTTP: '80',
      KUBERNETES_PORT: 'tcp://10.96.0.1:80',
      KUBERNETES_PORT_80_TCP: 'tcp://10.96.0.1:80',
      KUBERNETES_PORT_80_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_80_TCP_PORT: '80',
      KUBERNETES_PORT_80_TCP_ADDR: '10.96.0.1',
    })
  })

  it('takes values from everywhere, in order', async () => {
    const env = await envOf({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }],
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)-$(P_KEY)-$(NONE)-$$(A)-$(KUBERNETES_SERVICE_HOST)' },
        { name: 'LATER', value: '$(C)' },
        { name: 'C', valueFrom: { configMapKeyRef: { name: 'c', key: 'KEY' } } },
        { name: 'D', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'E', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'F', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'G', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'H', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
        { name: 'I', valueFrom: { configMapKeyRef: { name: 'none', key: 'x', optional: true } } },
      ],
      resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } },
    })
    expect(env).toMatchObject({ P_KEY: 'from map', A: 'a', C: 'from map', D: 'hidden', E: 'x', F: '10.244.0.7' })
    expect(env).toMatchObject({ B: 'a-from map-$(NONE)-$(A)-10.96.0.1', LATER: '$(C)', G: '64', H: '250' })
    expect(env).not.toHaveProperty('I')
    expect(Object.keys(env)).not.toContain('P_a=b')
  })

  it.each([
    [{ configMapKeyRef: { name: 'none', key: 'x' } }, 'configmap "none" not found'],
    [{ secretKeyRef: { name: 'none', key: 'x' } }, 'secret "none" not found'],
    [{ configMapKeyRef: { name: 'c', key: 'x' } }, "couldn't find key x in ConfigMap team/c"],
    [{ secretKeyRef: { name: 's', key: 'x' } }, "couldn't find key x in Secret team/s"],
  ])('says what is missing: %o', async (valueFrom, message) => {
    await expect(envOf({ env: [{ name: 'X', valueFrom }] })).rejects.toThrow(message)
  })

  // kubelet_pods.go makeEnvironmentVariables: optional is what is not there, and nothing else
  it.each<[string, Partial<Container>]>([
    [
      'configmaps',
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'forbidden', key: 'x', optional: true } } }] },
    ],
    ['secrets', { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'forbidden', key: 'x', optional: true } } }] }],
    ['configmaps', { envFrom: [{ configMapRef: { name: 'forbidden', optional: true } }] }],
    ['secrets', { envFrom: [{ secretRef: { name: 'forbidden', optional: true } }] }],
  ])('says what it was told when %s could not be read, be they optional: %o', async (resource, more) => {
    await expect(envOf(more)).rejects.toThrow(
      `${resource} "forbidden" is forbidden: User "system:node:n" cannot get it`,
    )
  })
})

describe('expand', () => {
  it.each([
    ['$(A)', 'a'],
    ['$(A)$(A)', 'aa'],
    ['$A', '$A'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$(A', '$(A'],
    ['$(B)', '$(B)'],
    ['$', '$'],
  ])('%s becomes %s', (text, expected) => {
    expect(expand(text, (name) => (name === 'A' ? 'a' : undefined))).toBe(expected)
  })
})
