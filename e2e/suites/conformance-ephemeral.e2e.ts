import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, podUntil, shell, startPod, type ContainerStatus, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface EphemeralContainer {
  readonly name: string
}

interface Debugged extends ApiObject {
  readonly spec: { readonly ephemeralContainers?: readonly EphemeralContainer[] }
}

type DebuggedPod = Pod & { readonly status: { readonly ephemeralContainerStatuses?: readonly ContainerStatus[] } }

const polo = shell('while true; do echo polo; sleep 2; done')

describe.concurrent('an ephemeral container', () => {
  let ns: Namespace
  let api: Api
  beforeAll(async () => {
    ns = await makeNamespace('ephemeral')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const path = (pod: string): string => `/api/v1/namespaces/${ns.name}/pods/${pod}`
  const target = async (name: string): Promise<void> => {
    await startPod(ns, name, { containers: [{ name: 'main', ...shell('sleep 10000') }] })
    await podUntil(ns, name, 'to run', ({ status }) => status.phase === 'Running')
  }
  const statusesOf = async (pod: string): Promise<readonly ContainerStatus[]> =>
    ((await getPod(ns, pod)) as DebuggedPod).status.ephemeralContainerStatuses ?? []
  const runs = (pod: string, name: string): Promise<ContainerStatus> =>
    until(`${name} to run in ${pod}`, async () =>
      (await statusesOf(pod)).find((one) => one.name === name && one.state.running),
    )
  /** As clients add one: a strategic merge patch from the Pod without it to the Pod with it. */
  const add = async (pod: string, container: object): Promise<void> => {
    const type = { 'content-type': 'application/strategic-merge-patch+json' }
    const body = { spec: { ephemeralContainers: [container] } }
    expect(await api.send('PATCH', `${path(pod)}/ephemeralcontainers`, body, type)).toMatchObject({ code: 200 })
    await runs(pod, (container as EphemeralContainer).name)
  }
  const answers = async (pod: string, name: string): Promise<void> => {
    expect(await ns.kubectl(['exec', pod, '-c', name, '--', 'echo', 'marco'])).toContain('marco')
    await until(`the log of ${name}`, async () => ((await ns.logs(pod, name)).includes('polo') ? true : undefined))
  }

  it(`is added to a Pod that runs${covers('Ephemeral Container Creation')}`, async () => {
    await target('created')
    await add('created', { name: 'debugger', ...polo, stdin: true, tty: true })
    await answers('created', 'debugger')
  })

  it(`is added beside another${covers('Ephemeral Container, update ephemeral containers')}`, async () => {
    await target('updated')
    await add('updated', { name: 'debugger', ...polo, stdin: true, tty: true })
    await answers('updated', 'debugger')
    const names = async (): Promise<string[] | undefined> =>
      (await api.call<Debugged>('GET', `${path('updated')}/ephemeralcontainers`)).spec.ephemeralContainers?.map(
        ({ name }) => name,
      )
    expect(await names()).toEqual(['debugger'])
    const second = { name: 'debugger2', ...polo, imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }
    await until('the update', async () => {
      const pod = await api.call<Debugged>('GET', path('updated'))
      const ephemeralContainers = [...(pod.spec.ephemeralContainers ?? []), second]
      const body = { ...pod, spec: { ...pod.spec, ephemeralContainers } }
      return (await api.send('PUT', `${path('updated')}/ephemeralcontainers`, body)).code === 200 ? true : undefined
    })
    expect(await names()).toEqual(['debugger', 'debugger2'])
    await runs('updated', 'debugger2')
  })

  it('talks with its user through kubectl debug, and is not started again', async () => {
    await target('debugged')
    const args = ['debug', '-i', 'debugged', '--image', 'kubets/busybox:1', '--profile=general', '-c', 'talk']
    const said = await ns.kubectl([...args, '--target=main', '--', 'sh'], { input: 'ps; echo $((6 * 7)); exit 3\n' })
    expect(said).toMatch(/sleep 10000[^]*\n42\n/)
    const ended = await until('it to end', async () =>
      (await statusesOf('debugged')).find(({ state }) => state.terminated),
    )
    expect(ended).toMatchObject({ name: 'talk', ready: false, restartCount: 0, state: { terminated: { exitCode: 3 } } })
    const pod = await getPod(ns, 'debugged')
    expect(pod.status).toMatchObject({ phase: 'Running', observedGeneration: pod.metadata.generation })
  })

  it('helps to see why an init container does not end', async () => {
    await startPod(ns, 'stuck', {
      initContainers: [{ name: 'wait', ...shell('until test -e /tmp/go; do sleep 0.2; done') }],
      containers: [{ name: 'main', ...shell('sleep 10000') }],
    })
    await podUntil(ns, 'stuck', 'to initialise', ({ status }) =>
      Boolean(status.initContainerStatuses?.[0]?.state.running),
    )
    await add('stuck', { name: 'debugger', ...shell('ps; sleep 1000'), targetContainerName: 'wait' })
    await until('its log', async () => ((await ns.logs('stuck', 'debugger')).includes('/tmp/go') ? true : undefined))
    await ns.kubectl(['exec', 'stuck', '-c', 'wait', '--', 'touch', '/tmp/go'])
    await podUntil(ns, 'stuck', 'to run', ({ status }) => status.phase === 'Running')
  })
})
