import { betaKinds } from '@kubets/shared/api/kinds/beta.ts'
import { oldKinds } from '@kubets/shared/api/kinds/old/index.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ runtimeConfig: ['api/beta=true', 'storage.k8s.io/v1beta1/csinodes=false'] })
})
afterAll(() => server.stop())

const base = '/namespaces/default'
const post = (path: string, body: object) => server.call(path, { method: 'POST', body })

describe('versions asked for by --runtime-config', () => {
  it('are in discovery, behind the newer ones', async () => {
    const { json } = await server.call('/apis/batch')
    expect(json).toMatchObject({
      versions: [{ groupVersion: 'batch/v1' }, { groupVersion: 'batch/v1beta1' }],
      preferredVersion: { version: 'v1' },
    })
    const names = async (path: string) =>
      ((await server.call(path)).json as { resources?: { name: string }[] }).resources?.map(({ name }) => name)
    expect(await names('/apis/batch/v1beta1')).toEqual(['cronjobs', 'cronjobs/status'])
    expect(await names('/apis/storage.k8s.io/v1beta1')).not.toContain('csinodes')
    expect((await server.call('/openapi/v3/apis/policy/v1beta1')).code).toBe(200)
  })

  it('tell that they are old', async () => {
    const { headers } = await server.call(`/apis/batch/v1beta1${base}/cronjobs`)
    expect(headers['warning']).toContain(
      '299 - "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob"',
    )
  })

  it.each(
    [...betaKinds, ...oldKinds]
      .filter(({ plural }) => plural !== 'csinodes')
      .map((kind) => [`${kind.group}/${kind.version}`, kind.plural]),
  )('list %s %s', async (groupVersion, plural) => {
    const { code, json } = await server.call(`/apis/${groupVersion}/${plural}`)
    expect([code, json['apiVersion']]).toEqual([200, groupVersion])
  })
})

describe('an object written by one version and read by the other', () => {
  const pod = { containers: [{ name: 'c', image: 'b' }], restartPolicy: 'Never' }
  const spec = { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: pod } } } }

  it('CronJob', async () => {
    const old = `/apis/batch/v1beta1${base}/cronjobs`
    const created = await post(old, { metadata: { name: 'a' }, spec })
    expect([created.code, created.json['apiVersion']]).toEqual([201, 'batch/v1beta1'])
    const read = await server.call(`/apis/batch/v1${base}/cronjobs/a`)
    expect(read.json).toMatchObject({ apiVersion: 'batch/v1', spec: { schedule: '* * * * *' } })
    const patched = await server.call(`/apis/batch/v1${base}/cronjobs/a`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { spec: { suspend: true } },
    })
    expect(patched.code).toBe(200)
    const again = await server.call(`${old}/a`)
    expect(again.json).toMatchObject({
      apiVersion: 'batch/v1beta1',
      metadata: { uid: created.json.metadata?.['uid'], resourceVersion: patched.json.metadata?.['resourceVersion'] },
      spec: { suspend: true },
    })
    const replaced = await server.call(`${old}/a`, {
      method: 'PUT',
      body: { ...again.json, spec: { ...spec, schedule: '@daily' } },
    })
    expect(replaced.code).toBe(200)
    const listed = await server.call(`/apis/batch/v1${base}/cronjobs`)
    expect(listed.json.items).toMatchObject([{ spec: { schedule: '@daily' } }])
  })

  it('Ingress', async () => {
    const backend = { serviceName: 'web', servicePort: 'http' }
    const created = await post(`/apis/networking.k8s.io/v1beta1${base}/ingresses`, {
      metadata: { name: 'a' },
      spec: { backend },
    })
    expect(created.json).toMatchObject({ apiVersion: 'networking.k8s.io/v1beta1', spec: { backend } })
    const v1 = await server.call(`/apis/networking.k8s.io/v1${base}/ingresses/a`)
    expect(v1.json).toMatchObject({ spec: { defaultBackend: { service: { name: 'web', port: { name: 'http' } } } } })
    const other = { service: { name: 'api', port: { number: 81 } } }
    await post(`/apis/networking.k8s.io/v1${base}/ingresses`, {
      metadata: { name: 'b' },
      spec: { defaultBackend: other },
    })
    const older = await server.call(`/apis/networking.k8s.io/v1beta1${base}/ingresses/b`)
    expect(older.json).toMatchObject({ spec: { backend: { serviceName: 'api', servicePort: 81 } } })
  })

  it('PodDisruptionBudget, and an Eviction of either version', async () => {
    const path = `/apis/policy/v1beta1${base}/poddisruptionbudgets`
    await post(path, { metadata: { name: 'a' }, spec: { minAvailable: 1, selector: {} } })
    expect((await server.call(`${path}/a`)).json).toMatchObject({ spec: { selector: {} } })
    const v1 = await server.call(`/apis/policy/v1${base}/poddisruptionbudgets/a`)
    expect(v1.json).toMatchObject({ spec: { selector: { matchExpressions: [{ operator: 'Exists' }] } } })
    expect((await post(`/api/v1${base}/serviceaccounts`, { metadata: { name: 'default' } })).code).toBe(201)
    for (const version of ['v1', 'v1beta1']) {
      const name = `evicted-${version}`
      expect((await post(`/api/v1${base}/pods`, { metadata: { name }, spec: pod })).code).toBe(201)
      const eviction = { apiVersion: `policy/${version}`, kind: 'Eviction', metadata: { name } }
      expect((await post(`/api/v1${base}/pods/${name}/eviction`, eviction)).code).toBe(201)
    }
  })

  it('events', async () => {
    const event = {
      metadata: { name: 'a' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      note: 'it happened',
      type: 'Normal',
      reason: 'Tried',
      action: 'Trying',
      reportingController: 'example.com/test',
      reportingInstance: 'one',
    }
    expect((await post(`/apis/events.k8s.io/v1beta1${base}/events`, event)).code).toBe(201)
    expect((await server.call(`/api/v1${base}/events/a`)).json).toMatchObject({
      involvedObject: { name: 'p' },
      message: 'it happened',
      reportingComponent: 'example.com/test',
    })
  })
})
