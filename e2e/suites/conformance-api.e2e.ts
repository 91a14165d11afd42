import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Answer, type Api, type ApiList, type ApiObject, type Watch } from '../harness/api.ts'
import { compactEtcd } from '../harness/etcd.ts'
import { kubectl } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { shell, startPod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

/** The API server by itself: discovery, versions, lists, watches, validation, namespaces, tokens and reviews. */
describe.concurrent('the API server', () => {
  let ns: Namespace
  let api: Api
  const configMaps = (name = ''): string => `/api/v1/namespaces/${ns.name}/configmaps${name && `/${name}`}`
  beforeAll(async () => {
    ns = await makeNamespace('api')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  it(`tells its version${covers('Confirm a server version')}`, async () => {
    const version = await api.call<{ major: string; minor: string }>('GET', '/version')
    expect(version.major).toMatch(/^\d+$/)
    expect(version.minor).toMatch(/^\d+$/)
  })

  interface Group {
    readonly name: string
    readonly versions: readonly { groupVersion: string }[]
    readonly preferredVersion: { readonly groupVersion: string }
  }
  it(`tells of every group, its version of choice and its resources${covers(
    'Discovery, confirm the PreferredVersion for each api group',
    'Discovery, confirm the groupVerion and a resourcefrom each apiGroup',
  )}`, async () => {
    const { groups } = await api.call<{ groups: Group[] }>('GET', '/apis')
    // test/e2e/apimachinery/discovery.go leaves out `.example.com`: suites alongside make such groups and take them away,
    // and serve metrics by servers of their own
    const lasting = groups.filter(({ name }) => !/\.example\.com$|(^|\.)metrics\.k8s\.io$/.test(name))
    expect(lasting.length).toBeGreaterThan(10)
    for (const group of lasting) {
      const alone = await api.call<Group>('GET', `/apis/${group.name}`)
      expect(alone.preferredVersion).toEqual(group.preferredVersion)
      expect(alone.versions.map((one) => one.groupVersion)).toContain(group.preferredVersion.groupVersion)
      const { groupVersion, resources } = await api.call<{
        groupVersion: string
        resources: { name: string; kind: string }[]
      }>('GET', `/apis/${group.preferredVersion.groupVersion}`)
      expect(groupVersion).toBe(group.preferredVersion.groupVersion)
      expect(resources[0]).toMatchObject({
        name: expect.stringMatching(/./) as string,
        kind: expect.stringMatching(/./) as string,
      })
    }
  })
  it(`tells of its webhook resources${covers('Admission webhook, discovery document')}`, async () => {
    const { groups } = await api.call<{ groups: Group[] }>('GET', '/apis')
    const group = groups.find((one) => one.name === 'admissionregistration.k8s.io')
    expect(group?.versions.map((one) => one.groupVersion)).toContain('admissionregistration.k8s.io/v1')
    const { resources } = await api.call<{ resources: { name: string }[] }>(
      'GET',
      '/apis/admissionregistration.k8s.io/v1',
    )
    expect(resources.map((one) => one.name)).toEqual(
      expect.arrayContaining(['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']),
    )
  })
  it(`is there as a Service, with endpoints${covers('Kubernetes Service', 'kubernetes.default Endpoints and EndpointSlices', 'Find Kubernetes Service in default Namespace')}`, async () => {
    const services = await api.call<ApiList>('GET', '/api/v1/services')
    const found = services.items.find(
      (one) => one.metadata.name === 'kubernetes' && one.metadata.namespace === 'default',
    )
    expect(found).toBeDefined()
    const endpoints = await api.call<{ subsets: { addresses: { ip: string }[]; ports: { port: number }[] }[] }>(
      'GET',
      '/api/v1/namespaces/default/endpoints/kubernetes',
    )
    const [subset] = endpoints.subsets
    const slices = await api.call<{ items: { endpoints: { addresses: string[] }[]; ports: { port: number }[] }[] }>(
      'GET',
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dkubernetes',
    )
    expect(slices.items.flatMap((one) => (one.endpoints ?? []).flatMap((each) => each.addresses)).toSorted()).toEqual(
      subset?.addresses.map((one) => one.ip).toSorted(),
    )
    expect(slices.items[0]?.ports[0]?.port).toBe(subset?.ports[0]?.port)
  })
  it(`does not make a table of what has no metadata${covers('API metadata HTTP return')}`, async () => {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
    }
    const { code } = await api.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    expect(code).toBe(406)
  })

  it(`gives long lists in chunks, in part also when their past is forgotten${covers(
    'API Chunking, server should return chunks of results for list calls',
    'API Chunking, server should support continue listing from the last key even if the original version has been compacted away',
  )}`, async () => {
    const path = `/api/v1/namespaces/${ns.name}/podtemplates`
    const template = { spec: { containers: [{ name: 'c', image: 'i' }] } }
    const total = 60
    const names = Array.from({ length: total }, (_, i) => `template-${String(i).padStart(4, '0')}`)
    for (const name of names) await api.call('POST', path, { metadata: { name }, template })
    const seen: string[] = []
    const pageAfter = (token?: string): Promise<Answer<ApiList & { reason?: string }>> =>
      api.send('GET', `${path}?limit=17${token ? `&continue=${encodeURIComponent(token)}` : ''}`)
    const readOn = async (token: string | undefined, resourceVersion?: string): Promise<void> => {
      let next = token
      let version = resourceVersion
      do {
        const { code, body } = await pageAfter(next)
        expect(code).toBe(200)
        expect(body.items.length).toBeLessThanOrEqual(17)
        version ??= body.metadata.resourceVersion
        expect(body.metadata.resourceVersion).toBe(version)
        seen.push(...body.items.map((one) => one.metadata.name))
        expect(body.metadata.remainingItemCount ?? 0).toBe(total - seen.length)
        next = body.metadata.continue
      } while (next)
      expect(seen).toEqual(names)
    }
    await readOn(undefined)
    expect((await api.call<ApiList>('GET', path)).items).toHaveLength(total)

    seen.length = 0
    const { body: first } = await pageAfter()
    seen.push(...first.items.map((one) => one.metadata.name))
    // somebody writes to another namespace, so that the present is no longer what the token speaks of
    const other = `/api/v1/namespaces/default/podtemplates`
    const made = await api.call('POST', other, { metadata: { name: ns.name }, template })
    await api.call('DELETE', `${other}/${ns.name}`)
    await compactEtcd(made.metadata.resourceVersion ?? '')
    const expired = await pageAfter(first.metadata.continue)
    expect(expired.code).toBe(410)
    expect(expired.body.reason).toBe('Expired')
    expect(expired.body.metadata.continue).toBeTruthy()
    const second = await pageAfter(expired.body.metadata.continue)
    expect(second.code).toBe(200)
    expect(second.body.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion)
    expect(second.body.items).toHaveLength(17)
    seen.push(...second.body.items.map((one) => one.metadata.name))
    await readOn(second.body.metadata.continue, second.body.metadata.resourceVersion)
  })

  const pod = (extra: string): string =>
    `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"strict","namespace":"${ns.name}"${extra}},"spec":{"containers":[{"name":"c","image":"i"}]}}`
  it(`refuses unknown and doubled fields when asked to${covers('Server side field validation, typed object', 'Server side field validation, typed unknown metadata')}`, async () => {
    const path = `/api/v1/namespaces/${ns.name}/pods?fieldValidation=Strict&dryRun=All`
    expect((await api.send('POST', path, pod(''))).code).toBe(201)
    const typed = await api.send<{ message: string }>(
      'POST',
      path,
      pod('').replace('"spec":{', '"spec":{"unknownField":"u","restartPolicy":"Never","restartPolicy":"Never",'),
    )
    expect(typed.code).toBe(400)
    expect(typed.body.message).toContain('unknown field "spec.unknownField"')
    expect(typed.body.message).toContain('duplicate field "spec.restartPolicy"')
    const metadata = await api.send<{ message: string }>(
      'POST',
      path,
      pod(',"unknownMeta":"u","labels":{"a":"b"},"labels":{"a":"b"}'),
    )
    expect(metadata.code).toBe(400)
    expect(metadata.body.message).toContain('unknown field "metadata.unknownMeta"')
    expect(metadata.body.message).toContain('duplicate field "metadata.labels"')
  })
  for (const [plural, entry] of [
    ['configmaps', 'ConfigMap, with empty-key'],
    ['secrets', 'Secrets, with empty-key'],
  ] as const)
    it(`refuses ${plural} with an empty key${covers(entry)}`, async () => {
      const { code } = await api.send('POST', `/api/v1/namespaces/${ns.name}/${plural}`, {
        metadata: { name: 'empty-key' },
        data: { '': 'dmFsdWU=' },
      })
      expect(code).toBe(422)
    })
  for (const [plural, entry] of [
    ['configmaps', 'ConfigMap Volume, immutability'],
    ['secrets', 'Secrets Volume, immutability'],
  ] as const)
    it(`leaves immutable ${plural} alone${covers(entry)}`, async () => {
      const path = `/api/v1/namespaces/${ns.name}/${plural}`
      const name = 'immutable'
      const value = (text: string): string => Buffer.from(text).toString('base64')
      await api.call('POST', path, { metadata: { name }, data: { a: value('1') } })
      const put = async (change: object): Promise<number> =>
        (await api.send('PUT', `${path}/${name}`, { ...(await api.call('GET', `${path}/${name}`)), ...change })).code
      expect(await put({ data: { a: value('2') } })).toBe(200)
      expect(await put({ immutable: true })).toBe(200)
      expect(await put({ data: { a: value('3') } })).toBe(422)
      expect(await put({ immutable: false })).toBe(422)
      expect(await put({ metadata: { name, labels: { a: 'b' } } })).toBe(200)
      expect(await api.call('GET', `${path}/${name}`)).toMatchObject({ immutable: true, data: { a: value('2') } })
      await api.call('DELETE', `${path}/${name}`)
    })

  const seenBy = (watch: Watch): string[] =>
    watch.events.map((one) => `${one.type} ${String((one.object.data as { v?: string } | undefined)?.v)}`)
  const expectSeen = async (watch: Watch, wanted: string[]): Promise<void> => {
    await until('the events', async () => (watch.events.length >= wanted.length ? true : undefined))
    expect(seenBy(watch)).toEqual(wanted)
  }
  /** Creates a ConfigMap of a label, changes it twice and deletes it; answers with the versions it had. */
  const change = async (name: string, label: string): Promise<string[]> => {
    const body = (v: string): object => ({ metadata: { name, labels: { watch: label } }, data: { v } })
    const first = await api.call('POST', configMaps(), body('0'))
    const second = await api.call('PUT', configMaps(name), body('1'))
    const third = await api.call('PUT', configMaps(name), body('2'))
    await api.call('DELETE', configMaps(name))
    return [first, second, third].map((one) => one.metadata.resourceVersion ?? '')
  }
  const watchOf = (label: string, resourceVersion?: string): Watch =>
    api.watch(
      `${configMaps()}?watch=true&labelSelector=${encodeURIComponent(label)}${resourceVersion === undefined ? '' : `&resourceVersion=${resourceVersion}`}`,
    )
  const version = async (): Promise<string> => (await api.call<ApiList>('GET', configMaps())).metadata.resourceVersion

  it(`tells several watchers what they asked for and no more${covers('watch-configmaps-with-multiple-watchers')}`, async () => {
    const from = await version()
    const [a, b, both] = [watchOf('watch=A', from), watchOf('watch=B', from), watchOf('watch in (A,B)', from)]
    try {
      await change('multiple-a', 'A')
      await change('multiple-b', 'B')
      const all = ['ADDED 0', 'MODIFIED 1', 'MODIFIED 2', 'DELETED 2']
      await expectSeen(both, [...all, ...all])
      await expectSeen(a, all)
      await expectSeen(b, all)
      expect(a.events.map((one) => one.object.metadata.name)).toEqual(Array<string>(4).fill('multiple-a'))
    } finally {
      for (const watch of [a, b, both]) watch.stop()
    }
  })
  it(`goes on with a watch from any version${covers('watch-configmaps-from-resource-version', 'watch-configmaps-closed-and-restarted')}`, async () => {
    const versions = await change('from-version', 'from')
    const past = watchOf('watch=from', versions[0])
    const [open, from] = [watchOf('watch=restart', await version()), await version()]
    try {
      await expectSeen(past, ['MODIFIED 1', 'MODIFIED 2', 'DELETED 2'])
      await change('restarted', 'restart')
      await expectSeen(open, ['ADDED 0', 'MODIFIED 1', 'MODIFIED 2', 'DELETED 2'])
      open.stop()
      await change('restarted', 'restart')
      const again = watchOf('watch=restart', open.events.at(-1)?.object.metadata.resourceVersion ?? from)
      await expectSeen(again, ['ADDED 0', 'MODIFIED 1', 'MODIFIED 2', 'DELETED 2'])
      again.stop()
    } finally {
      past.stop()
      open.stop()
    }
  })
  it(`tells a watcher when a label no longer matches${covers('watch-configmaps-label-changed')}`, async () => {
    const watch = watchOf('watch=label', await version())
    const body = (v: string, label: string): object => ({
      metadata: { name: 'label', labels: { watch: label } },
      data: { v },
    })
    try {
      await api.call('POST', configMaps(), body('0', 'label'))
      await api.call('PUT', configMaps('label'), body('1', 'label'))
      await api.call('PUT', configMaps('label'), body('1', 'other'))
      await api.call('PUT', configMaps('label'), body('2', 'other'))
      await api.call('PUT', configMaps('label'), body('2', 'label'))
      await api.call('PUT', configMaps('label'), body('3', 'label'))
      await api.call('DELETE', configMaps('label'))
      await expectSeen(watch, ['ADDED 0', 'MODIFIED 1', 'DELETED 1', 'ADDED 2', 'MODIFIED 3', 'DELETED 3'])
    } finally {
      watch.stop()
    }
  })
  it(`tells all watchers the same, in the same order${covers('watch-consistency')}`, async () => {
    const first = watchOf('watch=order', await version())
    const others: Watch[] = []
    try {
      const writing = (async () => {
        for (let i = 0; i < 10; i++) await change(`order-${String(i % 3)}`, 'order')
      })()
      while (others.length < 10) {
        const seen = await until('one more event', async () => first.events[others.length * 3])
        others.push(watchOf('watch=order', seen.object.metadata.resourceVersion))
      }
      await writing
      const order = (watch: Watch): (string | undefined)[] =>
        watch.events.map((one) => one.object.metadata.resourceVersion)
      await until('all events', async () => (first.events.length === 40 ? true : undefined))
      for (const [index, watch] of others.entries()) {
        await until('the same events', async () => (watch.events.length === 39 - index * 3 ? true : undefined))
        expect(order(watch)).toEqual(order(first).slice(index * 3 + 1))
      }
    } finally {
      for (const watch of [first, ...others]) watch.stop()
    }
  })

  it(`patches and updates namespaces and their status${covers('Namespace patching', 'Namespace, apply update to a namespace', 'Namespace, apply changes to a namespace status')}`, async () => {
    const other = await makeNamespace('api-patched')
    const path = `/api/v1/namespaces/${other.name}`
    try {
      await api.call('PATCH', path, { metadata: { labels: { patched: 'yes' } } })
      expect((await api.call('GET', path)).metadata.labels).toMatchObject({ patched: 'yes' })
      const now = await api.call('GET', path)
      await api.call('PUT', path, {
        ...now,
        metadata: { ...now.metadata, labels: { ...now.metadata.labels, updated: 'yes' } },
      })
      expect((await api.call('GET', path)).metadata.labels).toMatchObject({ patched: 'yes', updated: 'yes' })
      expect(await api.call('GET', `${path}/status`)).toMatchObject({ status: { phase: 'Active' } })
      const condition = { type: 'StatusPatch', status: 'True', reason: 'Test', message: 'patched' }
      await api.call('PATCH', `${path}/status`, { status: { conditions: [condition] } })
      const patched = await api.call<ApiObject & { status: object }>('GET', `${path}/status`)
      expect(patched).toMatchObject({ status: { conditions: [condition] } })
      const updated = { ...condition, type: 'StatusUpdate' }
      await api.call('PUT', `${path}/status`, {
        ...patched,
        status: { ...patched.status, conditions: [condition, updated] },
      })
      expect(await api.call('GET', `${path}/status`)).toMatchObject({ status: { conditions: [condition, updated] } })
    } finally {
      await removeNamespace(other)
    }
  })
  it(`keeps a namespace's finalizers${covers('Namespace, apply finalizer to a namespace')}`, async () => {
    const other = await makeNamespace('api-finalizer')
    const path = `/api/v1/namespaces/${other.name}`
    const finalize = async (change: (finalizers: string[]) => string[]): Promise<string[]> => {
      const now = await api.call<ApiObject & { spec: { finalizers: string[] } }>('GET', path)
      await api.call('PUT', `${path}/finalize`, { ...now, spec: { finalizers: change(now.spec.finalizers) } })
      return (await api.call<{ spec: { finalizers: string[] } }>('GET', path)).spec.finalizers
    }
    try {
      expect(await finalize((now) => [...now, 'e2e.example.com/fakeFinalizer'])).toEqual([
        'kubernetes',
        'e2e.example.com/fakeFinalizer',
      ])
      expect(await finalize((now) => now.filter((one) => one === 'kubernetes'))).toEqual(['kubernetes'])
    } finally {
      await removeNamespace(other)
    }
  })
  it(`removes a namespace's Pods and Services with it${covers('namespace-deletion-removes-pods', 'namespace-deletion-removes-services')}`, async () => {
    const other = await makeNamespace('api-doomed')
    await startPod(other, 'doomed', { containers: [{ name: 'main', ...shell('sleep 1000') }] })
    await other.kubectl(['create', 'service', 'clusterip', 'doomed', '--tcp=80:80'])
    await removeNamespace(other)
    await kubectl(['create', 'namespace', other.name])
    try {
      expect(await other.kubectl(['get', 'pods,services', '-o', 'name'])).toBe('')
    } finally {
      await removeNamespace(other)
    }
  })

  it(`gives tokens and knows them again${covers('ServiceAccount, create and review token')}`, async () => {
    await ns.kubectl(['create', 'serviceaccount', 'reviewed'])
    const { status } = await api.call<{ status: { token: string } }>(
      'POST',
      `/api/v1/namespaces/${ns.name}/serviceaccounts/reviewed/token`,
      { spec: { expirationSeconds: 3600 } },
    )
    expect(status.token).not.toBe('')
    const review = await api.call<{ status: { error?: string } }>(
      'POST',
      '/apis/authentication.k8s.io/v1/tokenreviews',
      { spec: { token: status.token } },
    )
    expect(review.status.error ?? '').toBe('')
    expect(review).toMatchObject({
      status: { authenticated: true, user: { username: `system:serviceaccount:${ns.name}:reviewed` } },
    })
  })
  it(`says of others what they may${covers('SubjectReview, API Operations')}`, async () => {
    await ns.kubectl(['create', 'serviceaccount', 'reader'])
    await ns.kubectl(['create', 'role', 'reader', '--verb=list', '--resource=configmaps'])
    await ns.kubectl(['create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${ns.name}:reader`])
    const user = `system:serviceaccount:${ns.name}:reader`
    for (const resource of ['configmaps', 'secrets']) {
      const as = await ns.try(['get', resource, '--as', user])
      const spec = {
        user,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${ns.name}`],
        resourceAttributes: { namespace: ns.name, verb: 'list', resource },
      }
      const allowed = { status: { allowed: as.code === 0 } }
      expect(as.code === 0).toBe(resource === 'configmaps')
      expect(await api.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })).toMatchObject(
        allowed,
      )
      const local = { metadata: { namespace: ns.name }, spec }
      expect(
        await api.call('POST', `/apis/authorization.k8s.io/v1/namespaces/${ns.name}/localsubjectaccessreviews`, local),
      ).toMatchObject(allowed)
    }
  })
  it(`keeps its CA in every namespace${covers('RootCA ConfigMap test')}`, async () => {
    const ca = (): Promise<string> =>
      ns.kubectl(['get', 'configmap', 'kube-root-ca.crt', '-o', 'jsonpath={.data.ca\\.crt}'])
    const certificate = await until('the CA', ca)
    expect(certificate).toContain('BEGIN CERTIFICATE')
    await ns.kubectl(['delete', 'configmap', 'kube-root-ca.crt'])
    await until('it to be back', async () => ((await ca()) === certificate ? true : undefined))
    await ns.kubectl(['patch', 'configmap', 'kube-root-ca.crt', '-p', '{"data":{"ca.crt":"other"}}'])
    await until('it to be right again', async () => ((await ca()) === certificate ? true : undefined))
  })
  it(`lets PriorityClasses change where they may${covers('Scheduler, Verify PriorityClass endpoints')}`, async () => {
    const path = '/apis/scheduling.k8s.io/v1/priorityclasses'
    const name = `${ns.name}-priority`
    await api.call('POST', path, { metadata: { name }, value: 7, description: 'first' })
    try {
      expect((await api.call<ApiList>('GET', path)).items.map((one) => one.metadata.name)).toContain(name)
      const patch = { description: 'patched' }
      expect(await api.call('PATCH', `${path}/${name}`, patch)).toMatchObject(patch)
      expect((await api.send('PATCH', `${path}/${name}`, { value: 8 })).code).toBe(422)
      const now = await api.call('GET', `${path}/${name}`)
      expect((await api.send('PUT', `${path}/${name}`, { ...now, value: 8 })).code).toBe(422)
      expect(await api.call('PUT', `${path}/${name}`, { ...now, description: 'updated' })).toMatchObject({
        description: 'updated',
        value: 7,
      })
    } finally {
      await api.call('DELETE', `${path}/${name}`)
    }
  })
  it(`lists, patches and deletes LimitRanges of several namespaces${covers('LimitRange, list, patch and delete a LimitRange by collection')}`, async () => {
    const other = await makeNamespace('api-limits')
    const label = `labelSelector=limits%3D${ns.name}`
    const path = (namespace: string): string => `/api/v1/namespaces/${namespace}/limitranges`
    const body = {
      metadata: { name: 'limits', labels: { limits: ns.name } },
      spec: { limits: [{ type: 'Container', max: { cpu: '500m' } }] },
    }
    const all = async (): Promise<number> =>
      (await api.call<ApiList>('GET', `/api/v1/limitranges?${label}`)).items.length
    try {
      await api.call('POST', path(ns.name), { ...body, spec: { limits: [{ type: 'Container', max: { cpu: '64' } }] } })
      await api.call('POST', path(other.name), body)
      expect(await all()).toBe(2)
      const patch = {
        metadata: { labels: { patched: 'yes' } },
        spec: { limits: [{ type: 'Container', max: { cpu: '48' } }] },
      }
      expect(await api.call('PATCH', `${path(ns.name)}/limits`, patch)).toMatchObject(patch)
      await api.call('DELETE', `${path(ns.name)}?labelSelector=patched%3Dyes`)
      expect(await all()).toBe(1)
    } finally {
      await removeNamespace(other)
    }
  })
})
