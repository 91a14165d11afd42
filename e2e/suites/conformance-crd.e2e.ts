import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { define, definition, definitionsPath, uniqueName, type Defined } from '../harness/custom-resources.ts'
import { hostAddress, makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'

const jsonPatch = { 'content-type': 'application/json-patch+json' }

/** CustomResourceDefinitions and the objects they define. */
describe.concurrent('custom resources', () => {
  let ns: Namespace
  let api: Api
  const made: Defined[] = []
  beforeAll(async () => {
    ns = await makeNamespace('crd')
    api = await connect()
  })
  afterAll(async () => {
    await Promise.all(made.map((one) => one.remove()))
    await removeNamespace(ns)
  })
  const defined = async (given: ReturnType<typeof definition>): Promise<Defined> => {
    const one = await define(api, given)
    made.push(one)
    return one
  }
  const object = ({ group, kind }: Defined, name: string, more: object = {}, version = 'v1') => ({
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name },
    ...more,
  })

  it(`are defined, and the definition goes again${covers('Custom Resource Definition, create')}`, async () => {
    const crd = await define(api, definition('simple', [{ name: 'v1' }]))
    await api.call('DELETE', `${definitionsPath}/${crd.plural}.${crd.group}`)
    await until('the definition to go', async () => {
      const { code } = await api.send('GET', `${definitionsPath}/${crd.plural}.${crd.group}`)
      return code === 404 ? true : undefined
    })
  })

  it(`have definitions that are listed and deleted by label${covers('Custom Resource Definition, list')}`, async () => {
    const labels = { 'e2e-list-test': uniqueName('list') }
    const selector = `?labelSelector=e2e-list-test%3D${labels['e2e-list-test']}`
    const several = await Promise.all(
      Array.from({ length: 10 }, () => defined(definition('listed', [{ name: 'v1' }], { labels }))),
    )
    const other = await defined(definition('unlisted', [{ name: 'v1' }]))
    const { items } = await api.call<ApiList>('GET', `${definitionsPath}${selector}`)
    expect(items).toHaveLength(10)
    for (const item of items)
      expect(item['spec']).toEqual(
        several.find((one) => one.object.metadata.name === item.metadata.name)?.object['spec'],
      )
    await api.call('DELETE', `${definitionsPath}${selector}`)
    await until('the labelled ones to go', async () =>
      (await api.call<ApiList>('GET', `${definitionsPath}${selector}`)).items.length === 0 ? true : undefined,
    )
    await api.call('GET', `${definitionsPath}/${other.plural}.${other.group}`)
  })

  it(`have definitions with a status of its own${covers('Custom Resource Definition, status sub-resource')}`, async () => {
    const crd = await defined(definition('status', [{ name: 'v1' }]))
    const path = `${definitionsPath}/${crd.plural}.${crd.group}/status`
    type WithStatus = ApiObject & { status: { conditions: { message?: string }[] } }
    const updated = await until('an update of the status', async () => {
      const seen = await api.call<WithStatus>('GET', path)
      expect(seen['spec']).toEqual(crd.object['spec'])
      const conditions = [...seen.status.conditions, { type: '', status: '', message: 'updated' }]
      const { code, body } = await api.send<WithStatus>('PUT', path, {
        ...seen,
        status: { ...seen.status, conditions },
      })
      return code === 409 ? undefined : body
    })
    expect(updated.status.conditions.map(({ message }) => message)).toContain('updated')
    const { body: patched } = await api.send<WithStatus>(
      'PATCH',
      path,
      [{ op: 'add', path: '/status/conditions', value: [{ message: 'patched' }] }],
      jsonPatch,
    )
    expect(patched.status.conditions.map(({ message }) => message)).toContain('patched')
  })

  it(`are discovered${covers('Custom Resource Definition, discovery')}`, async () => {
    interface Group {
      name: string
      versions: { groupVersion: string; version: string }[]
    }
    const { groups } = await api.call<{ groups: Group[] }>('GET', '/apis')
    const version = { groupVersion: 'apiextensions.k8s.io/v1', version: 'v1' }
    expect(groups.find(({ name }) => name === 'apiextensions.k8s.io')?.versions).toContainEqual(version)
    const group = await api.call<Group>('GET', '/apis/apiextensions.k8s.io')
    expect(group).toMatchObject({ name: 'apiextensions.k8s.io' })
    expect(group.versions).toContainEqual(version)
    const list = await api.call<{ groupVersion: string; resources: { name: string }[] }>(
      'GET',
      '/apis/apiextensions.k8s.io/v1',
    )
    expect(list.groupVersion).toBe('apiextensions.k8s.io/v1')
    expect(list.resources.map(({ name }) => name)).toContain('customresourcedefinitions')
  })

  it(`get defaults when written and when read${covers('Custom Resource Definition, defaulting')}`, async () => {
    const text = { type: 'string' }
    const schema = { type: 'object', properties: { a: text, b: text } }
    const crd = await defined(definition('default', [{ name: 'v1', schema }]))
    const path = `${crd.root()}/${crd.plural}`
    const change = (operations: object[]) =>
      api.send('PATCH', `${definitionsPath}/${crd.plural}.${crd.group}`, operations, jsonPatch)
    const place = (field: string): string => `/spec/versions/0/schema/openAPIV3Schema/properties/${field}/default`
    await api.call('POST', path, object(crd, 'one'))
    await change([{ op: 'add', path: place('a'), value: 'A' }])
    const read = (name: string, field: string) =>
      until(`${field} of ${name}`, async () => (await api.call('GET', `${path}/${name}`))[field])
    expect(await read('one', 'a')).toBe('A')
    expect(await api.call('POST', path, object(crd, 'two'))).toMatchObject({ a: 'A' })
    await change([
      { op: 'remove', path: place('a') },
      { op: 'add', path: place('b'), value: 'B' },
    ])
    expect(await read('two', 'b')).toBe('B')
    expect(await api.call('GET', `${path}/two`)).toMatchObject({ a: 'A', b: 'B' })
  })

  it(`are watched${covers('Custom Resource Definition, watch')}`, async () => {
    const crd = await defined(definition('watched', [{ name: 'v1' }]))
    const path = `${crd.root()}/${crd.plural}`
    const watches = ['a', 'b'].map((name) => api.watch(`${path}?watch=true&fieldSelector=metadata.name%3D${name}`))
    try {
      for (const [i, name] of ['a', 'b'].entries()) {
        const seen = (types: string[]) =>
          until(`${types.join()} of ${name}`, async () => {
            const events = await Promise.resolve(watches[i]?.events ?? [])
            return events.map(({ type }) => type).join() === types.join() ? true : undefined
          })
        await api.call('POST', path, object(crd, name, { spec: { x: 1 } }))
        await seen(['ADDED'])
        await api.call('PATCH', `${path}/${name}`, { spec: { x: 2 } })
        await seen(['ADDED', 'MODIFIED'])
        await api.call('DELETE', `${path}/${name}`)
        await seen(['ADDED', 'MODIFIED', 'DELETED'])
      }
    } finally {
      for (const watch of watches) watch.stop()
    }
  })

  it(`are listed and watched by fields${covers('custom-resource-definition-field-selectors-list-watch-register-informers')}`, async () => {
    const version = (name: string, fields: string[]) => ({
      name,
      schema: {
        type: 'object',
        description: name,
        properties: Object.fromEntries(['host', 'port', 'hostPort'].map((field) => [field, { type: 'string' }])),
      },
      selectableFields: fields.map((field) => ({ jsonPath: `.${field}` })),
    })
    const given = definition('chosen', [version('v1', ['hostPort']), version('v2', ['host', 'port'])], {
      scope: 'Namespaced',
    })
    const crd = await defined(given)
    const at = (which: string): string => `${crd.root(which)}/namespaces/${ns.name}/${crd.plural}`
    const stored = await api.call<{ spec: { versions: { selectableFields: object[] }[] } }>(
      'GET',
      `${definitionsPath}/${crd.plural}.${crd.group}`,
    )
    expect(stored.spec.versions.map(({ selectableFields }) => selectableFields)).toEqual([
      [{ jsonPath: '.hostPort' }],
      [{ jsonPath: '.host' }, { jsonPath: '.port' }],
    ])
    const { metadata } = await api.call<ApiList>('GET', at('v2'))
    const watch = api.watch(
      `${at('v2')}?watch=true&resourceVersion=${metadata.resourceVersion}&fieldSelector=host%3Dhost1,port%3D80`,
    )
    try {
      for (const [name, host, port] of [
        ['one', 'host1', '80'],
        ['two', 'host1', '8080'],
        ['three', 'host2', '80'],
      ] as const)
        await api.call('POST', at('v2'), object(crd, name, { host, port, hostPort: `${host}:${port}` }, 'v2'))
      const names = async (which: string, selector: string): Promise<string[]> =>
        (await api.call<ApiList>('GET', `${at(which)}?fieldSelector=${encodeURIComponent(selector)}`)).items.map(
          ({ metadata }) => metadata.name,
        )
      expect(await names('v2', 'host=host1')).toEqual(['one', 'two'])
      expect(await names('v2', 'host=host1,port=80')).toEqual(['one'])
      expect(await names('v2', 'host!=host1')).toEqual(['three'])
      expect(await names('v1', 'hostPort=host1:80')).toEqual(['one'])
      expect((await api.send('GET', `${at('v1')}?fieldSelector=host%3Dhost1`)).code).toBe(400)
      await api.call('PATCH', `${at('v2')}/one`, { port: '8080' })
      await api.call('PATCH', `${at('v2')}/two`, { port: '80' })
      await api.call('DELETE', `${at('v2')}/two`)
      await until('the events of what is selected', async () => {
        const events = await Promise.resolve(watch.events.map((one) => `${one.type} ${one.object.metadata.name}`))
        return events.join() === 'ADDED one,DELETED one,ADDED two,DELETED two' ? true : undefined
      })
    } finally {
      watch.stop()
    }
    await api.call('DELETE', `${at('v2')}?fieldSelector=host%3Dhost1`)
    expect((await api.call<ApiList>('GET', at('v2'))).items.map(({ metadata }) => metadata.name)).toEqual(['three'])
  })

  describe('converted by a webhook', () => {
    let server: Server
    let crd: Defined
    beforeAll(async () => {
      const service = 'crd-conversion'
      const authority = await createCA('e2e-conversion')
      const own = await issueCertificate(authority, {
        commonName: service,
        dnsNames: [`${service}.${ns.name}.svc`],
        days: 1,
        usages: ['server'],
      })
      server = createServer({ cert: own.cert, key: own.key }, (request, response) => {
        let text = ''
        request.on('data', (chunk: Buffer) => (text += chunk.toString()))
        request.on('end', () => {
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify(converted(JSON.parse(text) as Review)))
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
      const { port } = server.address() as AddressInfo
      await api.call('POST', `/api/v1/namespaces/${ns.name}/services`, {
        metadata: { name: service },
        spec: { ports: [{ port: 9443, targetPort: port }] },
      })
      await api.call('POST', `/apis/discovery.k8s.io/v1/namespaces/${ns.name}/endpointslices`, {
        metadata: { name: service, labels: { 'kubernetes.io/service-name': service } },
        addressType: 'IPv4',
        ports: [{ name: '', port, protocol: 'TCP' }],
        endpoints: [{ addresses: [await hostAddress()] }],
      })
      const clientConfig = {
        service: { namespace: ns.name, name: service, port: 9443, path: '/crdconvert' },
        caBundle: Buffer.from(authority.cert).toString('base64'),
      }
      crd = await defined(
        definition('converted', [{ name: 'v1' }, { name: 'v2' }], {
          scope: 'Namespaced',
          conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1', 'v1beta1'] } },
        }),
      )
      await until('the webhook to be reached', async () => {
        const { code } = await api.send(
          'POST',
          `${at('v2')}?dryRun=All`,
          object(crd, 'probe', { host: 'h', port: '1' }, 'v2'),
        )
        return code === 201 ? true : undefined
      })
    })
    afterAll(async () => {
      // as long as there are objects they have to be converted, to be deleted too
      await crd.remove()
      await until('the definition to go', async () => {
        const { code } = await api.send('GET', `${definitionsPath}/${crd.plural}.${crd.group}`)
        return code === 404 ? true : undefined
      })
      server.close()
    })
    const at = (version: string): string => `${crd.root(version)}/namespaces/${ns.name}/${crd.plural}`
    const mine = (items: readonly ApiObject[], prefix: string) =>
      items.filter(({ metadata }) => metadata.name.startsWith(prefix))

    it(`from one version to another${covers('Custom Resource Definition Conversion Webhook, conversion custom resource')}`, async () => {
      await api.call('POST', at('v1'), object(crd, 'single', { hostPort: 'localhost:8080' }))
      const found = await api.call('GET', `${at('v2')}/single`)
      expect(found).toMatchObject({ apiVersion: `${crd.group}/v2`, host: 'localhost', port: '8080' })
      expect(found['hostPort']).toBeUndefined()
    })

    it(`in lists of several stored versions${covers('Custom Resource Definition Conversion Webhook, convert mixed version list')}`, async () => {
      await api.call('POST', at('v1'), object(crd, 'mixed-1', { hostPort: 'localhost:8080' }))
      const versions = (storage: string) => [
        { op: 'replace', path: '/spec/versions/0/storage', value: storage === 'v1' },
        { op: 'replace', path: '/spec/versions/1/storage', value: storage === 'v2' },
      ]
      await api.send('PATCH', `${definitionsPath}/${crd.plural}.${crd.group}`, versions('v2'), jsonPatch)
      await api.call('POST', at('v1'), object(crd, 'mixed-2', { hostPort: 'example.com:80' }))
      const v1 = await api.call<ApiList>('GET', at('v1'))
      expect(mine(v1.items, 'mixed').map(({ hostPort }) => hostPort)).toEqual(['localhost:8080', 'example.com:80'])
      const v2 = await api.call<ApiList>('GET', at('v2'))
      expect(mine(v2.items, 'mixed').map(({ host, port }) => [host, port])).toEqual([
        ['localhost', '8080'],
        ['example.com', '80'],
      ])
      expect(new Set(v2.items.map(({ apiVersion }) => apiVersion))).toEqual(new Set([`${crd.group}/v2`]))
    })
  })
})

interface Review {
  apiVersion: string
  kind: string
  request: { uid: string; desiredAPIVersion: string; objects: Record<string, unknown>[] }
}

/** v1 has hostPort, v2 has host and port. */
function converted({ apiVersion, kind, request }: Review): object {
  const { uid, desiredAPIVersion, objects } = request
  const convertedObjects = objects.map(({ hostPort, host, port, ...rest }) => {
    const moved = { ...rest, apiVersion: desiredAPIVersion }
    if (desiredAPIVersion.endsWith('/v1'))
      return host === undefined ? moved : { ...moved, hostPort: `${String(host)}:${String(port)}` }
    const [one, two] = String(hostPort ?? '').split(':')
    return hostPort === undefined ? moved : { ...moved, host: one, port: two }
  })
  return { apiVersion, kind, response: { uid, result: { status: 'Success' }, convertedObjects } }
}
