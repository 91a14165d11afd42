import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { hollow, makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { triedKinds, type Tried } from '../harness/tried-kinds.ts'
import { until } from '../harness/until.ts'

/** The kinds of the API by themselves, with no controller behind them: discovery and every operation. */
describe.concurrent('the operations of', () => {
  let ns: Namespace
  let api: Api
  beforeAll(async () => {
    ns = await makeNamespace('kinds')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  /** The group is in /apis, its version in /apis/<group>, the resource and its status in the version's document. */
  const expectDiscovery = async ({ groupVersion, plural, status }: Tried): Promise<void> => {
    const [group] = groupVersion.split('/')
    if (groupVersion !== 'v1') {
      const groups = await api.call<{ groups: { name: string }[] }>('GET', '/apis')
      expect(groups.groups.map((one) => one.name)).toContain(group)
      const versions = await api.call<{ versions: { groupVersion: string }[] }>('GET', `/apis/${group ?? ''}`)
      expect(versions.versions.map((one) => one.groupVersion)).toContain(groupVersion)
    }
    const root = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`
    const { resources } = await api.call<{ resources: { name: string; verbs: string[] }[] }>('GET', root)
    expect(resources.find((one) => one.name === plural)?.verbs).toEqual(
      expect.arrayContaining(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']),
    )
    if (status) expect(resources.map((one) => one.name)).toContain(`${plural}/status`)
  }

  for (const kind of triedKinds) {
    it(`${kind.plural} in ${kind.groupVersion}${covers(...kind.entries)}`, async () => {
      const body = typeof kind.body === 'function' ? kind.body(ns.name) : kind.body
      await expectDiscovery(kind)
      const root = kind.groupVersion === 'v1' ? '/api/v1' : `/apis/${kind.groupVersion}`
      const path = `${root}${kind.cluster ? '' : `/namespaces/${ns.name}`}/${kind.plural}`
      // a node made up here has no machine: no other case may take it for the cluster's
      const marks = kind.plural === 'nodes' ? { [hollow]: 'true' } : {}
      const run = `${ns.name}-${String(triedKinds.indexOf(kind))}`
      const ours = `labelSelector=run%3D${run}`
      const create = async (nth: number, labels: Record<string, string> = {}): Promise<ApiObject> => {
        const name = kind.name?.(nth) ?? `${run}-${String(nth)}`
        const created = await api.call('POST', path, {
          ...body,
          metadata: { name, labels: { run, ...marks, ...labels } },
        })
        expect(created).toMatchObject(body)
        expect(created.metadata.uid).toBeTruthy()
        return created
      }
      const names = async (query = ours, at = path): Promise<string[]> =>
        (await api.call<ApiList>('GET', `${at}?${query}`)).items.map((one) => one.metadata.name)

      expect(await names()).toEqual([])
      const { metadata } = await api.call<ApiList>('GET', `${path}?${ours}`)
      const watch = api.watch(`${path}?watch=true&resourceVersion=${metadata.resourceVersion}&${ours}`)
      try {
        const created = await create(1)
        const { name, uid } = created.metadata
        const read = await api.call('GET', `${path}/${name}`)
        expect(read).toMatchObject({ ...body, metadata: { name, uid, labels: { run } } })
        expect(await names()).toEqual([name])
        if (!kind.cluster) expect(await names(ours, `${root}/${kind.plural}`)).toEqual([name])

        const change = { metadata: { labels: { patched: 'yes' } }, ...kind.patch }
        expect(await api.call('PATCH', `${path}/${name}`, change)).toMatchObject(change)
        expect(await api.call('GET', `${path}/${name}`)).toMatchObject(change)
        const wanted = {
          ...kind.change,
          metadata: { uid, labels: { run, patched: 'yes', updated: 'yes' }, annotations: { updated: 'yes' } },
        }
        const updated = await update(`${path}/${name}`, '', (now) => ({
          ...now,
          ...kind.change,
          metadata: {
            ...now.metadata,
            labels: { ...now.metadata.labels, updated: 'yes' },
            annotations: { ...now.metadata.annotations, updated: 'yes' },
          },
        }))
        expect(updated).toMatchObject(wanted)
        expect(await api.call('GET', `${path}/${name}`)).toMatchObject(wanted)
        if (kind.status) await expectStatus(`${path}/${name}`, kind.status)

        const doomed = [
          (await create(2, { doomed: 'yes' })).metadata.name,
          (await create(3, { doomed: 'yes' })).metadata.name,
        ]
        expect(await names()).toEqual([name, ...doomed])
        await api.call('DELETE', `${path}?${ours},doomed%3Dyes`)
        await until('the collection to be gone', async () => ((await names()).length === 1 ? true : undefined))
        expect(await names()).toEqual([name])
        await api.call('DELETE', `${path}/${name}`)
        await until('the object to be gone', async () =>
          (await api.send('GET', `${path}/${name}`)).code === 404 ? true : undefined,
        )
        const seen = await until('the watch to say so', async () => {
          const types = watch.events.filter((one) => one.object.metadata.name === name).map((one) => one.type)
          return types.includes('DELETED') ? types : undefined
        })
        expect(seen[0]).toBe('ADDED')
        expect(seen.filter((type) => type === 'MODIFIED').length).toBeGreaterThanOrEqual(2)
        expect(watch.events.find((one) => one.type === 'DELETED' && one.object.metadata.uid === uid)).toBeDefined()
      } finally {
        watch.stop()
        await api.send('DELETE', `${path}?${ours}`)
      }
    })
  }

  /** The status can be read, patched and updated at its own endpoint, and there nothing else changes. */
  const expectStatus = async (path: string, given: object): Promise<void> => {
    // A controller may add conditions of its own.
    const conditions = 'conditions' in given ? (given.conditions as object[]) : undefined
    const status = conditions
      ? {
          conditions: expect.arrayContaining(
            conditions.map((one) => expect.objectContaining(one) as unknown),
          ) as unknown,
        }
      : given
    expect(await api.call('GET', `${path}/status`)).toMatchObject({
      metadata: { uid: (await api.call('GET', path)).metadata.uid },
    })
    const patch = { metadata: { annotations: { 'status-patched': 'yes' } }, status: given }
    expect(await api.call('PATCH', `${path}/status`, patch)).toMatchObject({ status })
    expect(await api.call('GET', `${path}/status`)).toMatchObject({ status })
    await update(path, '/status', (now) => ({ ...now, status: {} }))
    expect((await api.call<{ status?: object }>('GET', path)).status ?? {}).not.toMatchObject(status)
    await update(path, '/status', (now) => ({ ...now, status: given }))
    expect(await api.call('GET', path)).toMatchObject({ status })
  }

  /** Reads, changes and writes an object; again when somebody else (a controller, say) wrote in between. */
  const update = (path: string, subresource: string, change: (now: ApiObject) => object): Promise<ApiObject> =>
    until(`an update of ${path}${subresource}`, async () => {
      const { code, body } = await api.send<ApiObject>('PUT', path + subresource, change(await api.call('GET', path)))
      if (code !== 409) expect([code, body]).toEqual([200, body])
      return code === 409 ? undefined : body
    })
})
