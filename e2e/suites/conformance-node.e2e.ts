import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'
import { hear } from '../harness/web-socket.ts'

interface ClassedPod {
  readonly spec: { readonly nodeName?: string; readonly overhead?: Record<string, string> }
}

/** What a node's agent does around its Pods. */
describe.concurrent('a node', () => {
  let ns: Namespace
  let api: Api
  beforeAll(async () => {
    ns = await makeNamespace('node')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const runs = (name: string): Promise<Pod> => podUntil(ns, name, 'to run', ({ status }) => status.phase === 'Running')

  it(`keeps /etc/hosts of its Pods${covers('Kubelet, managed etc hosts')}`, async () => {
    const header = '# Kubernetes-managed hosts file.'
    const original = { name: 'host-etc-hosts', mountPath: '/etc/hosts-original' }
    const own = { name: 'host-etc-hosts', mountPath: '/etc/hosts' }
    const spec = (hostNetwork: boolean, mounts: object[][]): object => ({
      hostNetwork,
      volumes: [{ name: 'host-etc-hosts', hostPath: { path: '/etc/hosts' } }],
      containers: mounts.map((volumeMounts, index) => ({
        name: `busybox-${String(index + 1)}`,
        ...shell('sleep 1000'),
        volumeMounts,
      })),
    })
    await startPod(ns, 'hosts', spec(false, [[original], [original], [original, own]]))
    await startPod(ns, 'hosts-of-node', spec(true, [[original], [original]]))
    for (const [pod, container, managed] of [
      ['hosts', 'busybox-1', true],
      ['hosts', 'busybox-2', true],
      ['hosts', 'busybox-3', false],
      ['hosts-of-node', 'busybox-1', false],
      ['hosts-of-node', 'busybox-2', false],
    ] as const) {
      await runs(pod)
      const cat = (file: string): Promise<string> => ns.kubectl(['exec', pod, '-c', container, '--', 'cat', file])
      const [shown, kept] = [await cat('/etc/hosts'), await cat('/etc/hosts-original')]
      expect([pod, container, shown.includes(header)]).toEqual([pod, container, managed])
      expect(kept).not.toContain(header)
    }
  })

  it(`sends logs over a WebSocket${covers('Pods, logs from websockets')}`, async () => {
    await startPod(ns, 'log', { containers: [{ name: 'main', ...shell('echo container is alive; sleep 10000') }] })
    await runs('log')
    await until('the log', async () => ((await ns.logs('log', 'main')) === '' ? undefined : true))
    const path = `/api/v1/namespaces/${ns.name}/pods/log/log?container=main`
    const { protocol, messages } = await hear(api.connection, path, ['binary.k8s.io'])
    expect([protocol, Buffer.concat(messages).toString()]).toEqual(['binary.k8s.io', 'container is alive\n'])
    const encoded = await hear(api.connection, path, ['base64.binary.k8s.io'])
    expect(encoded.messages.map((one) => atob(one.toString())).join('')).toBe('container is alive\n')
    const followed = await hear(api.connection, `${path}&follow=true`, [], (all) => all.length > 0)
    expect(Buffer.concat(followed.messages).toString()).toBe('container is alive\n')
  })

  it(`runs commands over a WebSocket${covers('Pods, remote command execution over websocket')}`, async () => {
    await startPod(ns, 'exec', { containers: [{ name: 'main', ...shell('echo container is alive; sleep 600') }] })
    await runs('exec')
    const exec = (script: string, protocol: string): Promise<{ protocol: string; messages: readonly Buffer[] }> => {
      const query = new URLSearchParams({ container: 'main', stdout: '1', stderr: '1' })
      for (const word of ['sh', '-c', script]) query.append('command', word)
      return hear(api.connection, `/api/v1/namespaces/${ns.name}/pods/exec/exec?${query.toString()}`, [protocol])
    }
    const { protocol, messages } = await exec('echo remote execution test', 'channel.k8s.io')
    expect(protocol).toBe('channel.k8s.io')
    // the standard output alone, beside empty messages
    expect(messages.filter((one) => one.length > 1).every((one) => one[0] === 1)).toBe(true)
    const said = messages.map((one) => one.toString('latin1', 1)).join('')
    expect(said).toBe('remote execution test\n')
    const failed = await exec('echo no >&2; exit 3', 'v4.base64.channel.k8s.io')
    const texts = failed.messages.map((one) => one.toString()).filter((one) => one.length > 1)
    expect(texts[0]).toBe(`2${btoa('no\n')}`)
    expect(JSON.parse(atob(texts[1]?.slice(1) ?? ''))).toMatchObject({ reason: 'NonZeroExitCode' })
  })

  describe('with runtime classes', () => {
    const classes = '/apis/node.k8s.io/v1/runtimeclasses'
    const make = async (name: string, handler: string, more: object = {}): Promise<string> => {
      const metadata = { name: `${ns.name}-${name}` }
      await api.call('POST', classes, { metadata, handler, ...more })
      return metadata.name
    }
    const remove = (name: string): Promise<unknown> => api.call('DELETE', `${classes}/${name}`)
    const spec = (runtimeClassName: string): object => ({
      runtimeClassName,
      automountServiceAccountToken: false,
      containers: [{ name: 'test', ...shell('true') }],
    })
    const refused = async (pod: string, name: string): Promise<true | undefined> => {
      const body = { metadata: { name: pod }, spec: spec(name) }
      const { code, body: status } = await api.send('POST', `/api/v1/namespaces/${ns.name}/pods`, body)
      if (code < 300) await ns.kubectl(['delete', 'pod', pod, '--grace-period=0', '--force'])
      const message = `pods "${pod}" is forbidden: pod rejected: RuntimeClass "${name}" not found`
      return code === 403 && status['message'] === message ? true : undefined
    }
    const scheduled = (pod: string): Promise<ClassedPod> =>
      until(`Pod ${pod} to be scheduled`, async () => {
        const seen = await ns.get<ClassedPod>('pods', pod)
        return seen.spec.nodeName ? seen : undefined
      })

    it(`refuses one that does not exist${covers('Pod with the non-existing RuntimeClass is rejected.')}`, async () => {
      expect(await refused('no-class', `${ns.name}-nonexistent`)).toBe(true)
    })

    it(`refuses one that is gone${covers('Pod with the deleted RuntimeClass is rejected.')}`, async () => {
      const name = await make('delete-me', 'runc')
      await remove(name)
      await until('it to be gone', async () =>
        (await api.send('GET', `${classes}/${name}`)).code === 404 ? true : undefined,
      )
      await until('a Pod to be refused', () => refused('deleted-class', name))
    })

    it(`takes Pods of one${covers('Can schedule a pod requesting existing RuntimeClass.')}`, async () => {
      const name = await make('handler', 'test-handler')
      try {
        await startPod(ns, 'classed', spec(name))
        expect((await scheduled('classed')).spec.overhead).toBeUndefined()
        // this node has no such runtime, and says so by name
        await until('the event', async () => {
          const events = await ns.list<{ reason: string; message: string; involvedObject: { name: string } }>('events')
          const found = events.find(
            (one) => one.involvedObject.name === 'classed' && one.reason === 'FailedCreatePodSandBox',
          )
          return found?.message.includes('test-handler') ? true : undefined
        })
        expect((await getPod(ns, 'classed')).status.phase).toBe('Pending')
      } finally {
        await remove(name)
      }
    })

    it(`counts what they cost${covers('RuntimeClass Overhead field must be respected.')}`, async () => {
      const podFixed = { cpu: '10m', memory: '1Mi' }
      const name = await make('costly', 'test-handler', { overhead: { podFixed } })
      try {
        await startPod(ns, 'costly', spec(name))
        expect((await scheduled('costly')).spec.overhead).toEqual(podFixed)
      } finally {
        await remove(name)
      }
    })

    it('runs Pods in the runtime of their class', async () => {
      const name = await make('runc', 'runc')
      try {
        await startPod(ns, 'runc', { restartPolicy: 'Never', ...spec(name) })
        await podUntil(ns, 'runc', 'to succeed', ({ status }) => status.phase === 'Succeeded')
      } finally {
        await remove(name)
      }
    })
  })
})
