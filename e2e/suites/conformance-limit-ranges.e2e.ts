import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'

const image = 'kubets/busybox:1'

describe('limit ranges', () => {
  let api: Api
  let ns: Namespace
  beforeAll(async () => {
    api = await connect()
    ns = await makeNamespace('limits')
  })
  afterAll(() => removeNamespace(ns))

  const amounts = (cpu?: string, memory?: string, storage?: string): Record<string, string> => ({
    ...(cpu ? { cpu } : {}),
    ...(memory ? { memory } : {}),
    ...(storage ? { 'ephemeral-storage': storage } : {}),
  })

  it(`complete Pods and keep them within their limits${covers('LimitRange, resources')}`, async () => {
    const path = `/api/v1/namespaces/${ns.name}/limitranges`
    const item = {
      type: 'Container',
      min: amounts('50m', '100Mi', '100Gi'),
      max: amounts('500m', '500Mi', '500Gi'),
      default: amounts('500m', '500Mi', '500Gi'),
      defaultRequest: amounts('100m', '200Mi', '200Gi'),
    }
    const watch = api.watch(`${path}?watch=true`)
    try {
      await api.call('POST', path, { metadata: { name: 'limits' }, spec: { limits: [item] } })
      await until('the LimitRange to be seen by a watch', async () =>
        Promise.resolve(
          watch.events.some(({ type, object }) => type === 'ADDED' && object.metadata.name === 'limits') || undefined,
        ),
      )
    } finally {
      watch.stop()
    }
    expect((await api.call(`GET`, `${path}/limits`))['spec']).toEqual({ limits: [item] })

    type Resources = { requests?: Record<string, string>; limits?: Record<string, string> }
    const create = (name: string, resources: Resources) =>
      api.send<ApiObject & { spec: { containers: { resources: Resources }[] } }>(
        'POST',
        `/api/v1/namespaces/${ns.name}/pods`,
        { metadata: { name }, spec: { containers: [{ name: 'pause', image, command: ['sleep', '1'], resources }] } },
      )
    const resourcesOf = async (name: string, resources: Resources): Promise<Resources | undefined> => {
      const { code, body } = await create(name, resources)
      expect(code).toBe(201)
      return body.spec.containers[0]?.resources
    }
    expect(await resourcesOf('no-resources', {})).toEqual({ requests: item.defaultRequest, limits: item.default })
    // a limit without a request is the request, before the LimitRange's defaults are looked at
    const partial = { requests: amounts(undefined, '150Mi', '150Gi'), limits: amounts('300m') }
    expect(await resourcesOf('partial-resources', partial)).toEqual({
      requests: amounts('300m', '150Mi', '150Gi'),
      limits: amounts('300m', '500Mi', '500Gi'),
    })
    const little = { requests: amounts('10m', '50Mi', '50Gi'), limits: {} }
    const much = { requests: amounts('600m', '600Mi', '600Gi'), limits: {} }
    for (const resources of [little, { ...much, limits: much.requests }]) {
      const { code, body } = await create('refused', resources)
      expect(code).toBe(403)
      expect(body).toMatchObject({ reason: 'Forbidden' })
    }

    const lower = { ...item, min: amounts('9m', '49Mi', '49Gi') }
    const updated = await api.call<ApiObject>('GET', `${path}/limits`)
    await api.call('PUT', `${path}/limits`, { ...updated, spec: { limits: [lower] } })
    await until('the lower limits to count', async () =>
      (await create('less-than-before', little)).code === 201 ? true : undefined,
    )
    expect((await create('still-too-much', { ...much, limits: much.requests })).code).toBe(403)
    await api.call('DELETE', `${path}/limits`)
    await until('no limits to count', async () =>
      (await create('as-much-as-it-likes', { ...much, limits: much.requests })).code === 201 ? true : undefined,
    )
    expect((await api.call<ApiList>('GET', path)).items).toEqual([])
  })
})
