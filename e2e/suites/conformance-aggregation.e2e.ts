import { readFile, realpath } from 'node:fs/promises'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { kubectl } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'

const group = 'wardle.example.com'
const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices'
const name = `v1alpha1.${group}`
const rbac = 'rbac.authorization.k8s.io'

interface ApiService extends ApiObject {
  readonly spec: { readonly versionPriority: number }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[]
  }
}

describe('an aggregated API server', () => {
  let ns: Namespace
  let api: Api
  beforeAll(async () => {
    ns = await makeNamespace('aggregator')
    api = await connect()
  })
  afterAll(async () => {
    await api.send('DELETE', `${apiServices}/${name}`)
    await api.send('DELETE', `/apis/${rbac}/v1/namespaces/kube-system/rolebindings/${ns.name}`)
    await api.send('DELETE', `/apis/${rbac}/v1/clusterrolebindings/${ns.name}-auth-delegator`)
    await removeNamespace(ns)
  })

  const flunders = (): string => `/apis/${group}/v1alpha1/namespaces/${ns.name}/flunders`
  const flunder = (flunderName: string): object => ({
    apiVersion: `${group}/v1alpha1`,
    kind: 'Flunder',
    metadata: { name: flunderName, namespace: ns.name, labels: { 'sample-label': 'true' } },
  })
  const apiService = (): Promise<ApiService> => api.call<ApiService>('GET', `${apiServices}/${name}`)

  /** Changes the APIService; again when its status was written in between. */
  const replace = (path: string, change: (now: ApiService) => object): Promise<ApiService> =>
    until(`an update of ${path}`, async () => {
      const { code, body } = await api.send<ApiService>('PUT', path, change(await apiService()))
      if (code !== 409) expect([code, body]).toEqual([200, body])
      return code === 409 ? undefined : body
    })

  it(`is reached through the API server and managed by its APIService${covers('aggregator-supports-the-sample-apiserver')}`, async () => {
    const { caBundle, tls } = await certificates(ns.name)
    for (const [path, right] of rights(ns.name)) await api.call('POST', path, right)
    await ns.apply(...(await sampleObjects(ns.name, tls)))
    await kubectl(['-n', ns.name, 'rollout', 'status', 'deployment/sample-apiserver-deployment', '--timeout=120s'])

    await api.call('POST', apiServices, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: {
        service: { namespace: ns.name, name: 'sample-api', port: 7443 },
        group,
        version: 'v1alpha1',
        caBundle,
        groupPriorityMinimum: 2000,
        versionPriority: 200,
      },
    })
    const available = await until('the APIService to be available', async () => {
      const found = (await apiService()).status?.conditions?.find(({ type }) => type === 'Available')
      if (found?.status !== 'True') throw new Error(JSON.stringify(found))
      return found
    })
    expect(available.message).toBe('all checks passed')
    await until('flunders to be served', async () =>
      (await api.send('GET', flunders())).code === 200 ? true : undefined,
    )

    // objects, by plain requests
    const { code } = await api.send('POST', flunders(), flunder('rest-flunder'))
    expect(code).toBe(201)
    const { items } = await api.call<ApiList>('GET', flunders())
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['rest-flunder'])
    await api.call('DELETE', `${flunders()}/rest-flunder`)
    expect((await api.call<ApiList>('GET', flunders())).items).toEqual([])

    // discovery finds the resource, and a client that goes by it works
    expect(
      await until('every group to answer', () => kubectl(['api-resources', `--api-group=${group}`, '-o', 'name'])),
    ).toContain(`flunders.${group}`)
    const watch = api.watch(`${flunders()}?watch=true`)
    try {
      await until('the watch to be open', async () => {
        await api.send('POST', flunders(), flunder('test-flunder'))
        return watch.events.length > 0 ? true : undefined
      })
      expect(watch.events[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'test-flunder' } } })
      expect(await kubectl(['-n', ns.name, 'get', 'flunders', '-o', 'name'])).toContain(`flunder.${group}/test-flunder`)
      await api.call('DELETE', `${flunders()}/test-flunder`)
      await until('the watch to say so', () => Promise.resolve(watch.events.find(({ type }) => type === 'DELETED')))
    } finally {
      watch.stop()
    }

    // the APIService: status, patch, list, update, conditions
    expect((await api.call<ApiService>('GET', `${apiServices}/${name}/status`)).status?.conditions).not.toEqual([])
    const merge = { spec: { versionPriority: 400 } }
    await api.call('PATCH', `${apiServices}/${name}`, merge)
    const listed = (await api.call<ApiList>('GET', apiServices)).items as readonly ApiService[]
    expect(listed.find(({ metadata }) => metadata.name === name)?.spec.versionPriority).toBe(400)
    await api.call('PATCH', `${apiServices}/${name}`, { metadata: { labels: { [name]: 'patched' } } })
    expect((await apiService()).metadata.labels).toMatchObject({ [name]: 'patched' })
    const condition = { type: 'StatusUpdated', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
    await replace(`${apiServices}/${name}/status`, (now) => ({
      ...now,
      status: { conditions: [...(now.status?.conditions ?? []), condition] },
    }))
    expect((await apiService()).status?.conditions).toContainEqual(condition)
    const replaced = await replace(`${apiServices}/${name}`, (now) => ({
      ...now,
      metadata: { ...now.metadata, labels: { [name]: 'updated' } },
    }))
    expect(replaced.metadata.labels).toEqual({ [name]: 'updated' })

    // and its end
    await api.call('DELETE', `${apiServices}?labelSelector=${encodeURIComponent(`${name}=updated`)}`)
    await until('the APIService to be gone', async () =>
      (await api.send('GET', `${apiServices}/${name}`)).code === 404 ? true : undefined,
    )
    await until('flunders to be gone', async () =>
      (await api.send('GET', flunders())).code === 404 ? true : undefined,
    )
  }, 240_000)
})

/** A certificate for the service, and the bundle to check it by. */
async function certificates(namespace: string): Promise<{ caBundle: string; tls: Record<string, string> }> {
  const authority = await createCA('e2e-sampleapiserver-ca')
  const host = `sample-api.${namespace}.svc`
  const { cert, key } = await issueCertificate(authority, {
    commonName: host,
    dnsNames: [host],
    usages: ['server'],
    days: 1,
  })
  return { caBundle: Buffer.from(authority.cert).toString('base64'), tls: { 'tls.crt': cert, 'tls.key': key } }
}

/** The server as a Deployment behind a Service. Its image has no Node: it comes from this machine, with its libraries. */
async function sampleObjects(namespace: string, tls: Record<string, string>): Promise<object[]> {
  const script = await readFile(new URL('../harness/sample-apiserver.ts', import.meta.url), 'utf8')
  const labels = { app: 'sample-apiserver', apiserver: 'true' }
  const host = async (path: string): Promise<object> => ({ hostPath: { path: await realpath(path) } })
  const mounts = { node: '/usr/local/bin/node', lib: '/lib', lib64: '/lib64' }
  const metadata = (objectName: string): object => ({ name: objectName, namespace })
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('sample-apiserver') },
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('sample-apiserver-secret'), stringData: tls },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('program'), data: { 'sample-apiserver.ts': script } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata('sample-api'), labels: { test: 'aggregator' } },
      spec: { selector: { apiserver: 'true' }, ports: [{ protocol: 'TCP', port: 7443, targetPort: 443 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata('sample-apiserver-deployment'), labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'sample-apiserver',
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: 'sample-apiserver',
                image: 'kubets/busybox:1',
                command: [mounts.node, '/program/sample-apiserver.ts'],
                readinessProbe: { httpGet: { scheme: 'HTTPS', port: 443, path: '/readyz' }, periodSeconds: 1 },
                volumeMounts: [
                  ...Object.entries(mounts).map(([volume, mountPath]) => ({
                    name: volume,
                    mountPath,
                    readOnly: true,
                  })),
                  { name: 'program', mountPath: '/program' },
                  { name: 'certificates', mountPath: '/apiserver.local.config/certificates', readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: 'node', ...(await host(process.execPath)) },
              { name: 'lib', ...(await host('/lib')) },
              { name: 'lib64', ...(await host('/lib64')) },
              { name: 'program', configMap: { name: 'program' } },
              { name: 'certificates', secret: { secretName: 'sample-apiserver-secret' } },
            ],
          },
        },
      },
    },
  ]
}

/** It may ask who callers are and what they may do: each right with the path it is created at. */
function rights(namespace: string): [string, object][] {
  const subjects = [{ kind: 'ServiceAccount', name: 'sample-apiserver', namespace }]
  const role = (kind: string, roleName: string): object => ({ apiGroup: rbac, kind, name: roleName })
  return [
    [
      `/apis/${rbac}/v1/clusterrolebindings`,
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: `${namespace}-auth-delegator` },
        roleRef: role('ClusterRole', 'system:auth-delegator'),
        subjects,
      },
    ],
    [
      `/apis/${rbac}/v1/namespaces/kube-system/rolebindings`,
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name: namespace, namespace: 'kube-system' },
        roleRef: role('Role', 'extension-apiserver-authentication-reader'),
        subjects,
      },
    ],
  ]
}
