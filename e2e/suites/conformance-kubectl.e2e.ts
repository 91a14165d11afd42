import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { fetchText } from '../harness/http.ts'
import { background, kubectl } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { busybox, getPod, isReady, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

/** What upstream wants kubectl to do with a cluster. */
describe.concurrent('with kubectl', () => {
  let ns: Namespace
  let count = 0
  const next = (): string => `k${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('cli')
  })
  afterAll(() => removeNamespace(ns))

  // No mark: the entry's text asks for the commit too, which the apiserver does not know; its own test looks at the words, as below
  it('version tells both sides', async () => {
    const { clientVersion, serverVersion } = JSON.parse(await kubectl(['version', '-o', 'json'])) as Record<
      string,
      Record<string, string>
    >
    for (const version of [clientVersion, serverVersion])
      for (const field of [
        'major',
        'minor',
        'gitVersion',
        'gitTreeState',
        'buildDate',
        'goVersion',
        'compiler',
        'platform',
      ])
        expect(version?.[field], field).toMatch(/./)
  })
  it(`version names client and server${covers('Kubectl, version')}`, async () => {
    const version = 'v\\d+\\.\\d+\\.\\d+\\S*'
    const text = await kubectl(['version'])
    for (const who of ['Client', 'Server']) expect(text).toMatch(new RegExp(`^${who} Version: ${version}$`, 'm'))
  })
  it(`api-versions has v1${covers('Kubectl, check version v1')}`, async () => {
    expect((await kubectl(['api-versions'])).split('\n')).toContain('v1')
  })
  it(`cluster-info names the control plane${covers('Kubectl, cluster info')}`, async () => {
    expect(await kubectl(['cluster-info'])).toMatch(/Kubernetes control plane.* is running at .*https:\/\//)
  })
  it(`run creates a Pod${covers('Kubectl, run pod')}`, async () => {
    const name = next()
    await ns.kubectl(['run', name, '--restart=Never', `--image=${busybox}`])
    expect(await getPod(ns, name)).toMatchObject({ spec: { restartPolicy: 'Never', containers: [{ image: busybox }] } })
  })
  it(`replace changes the image of a Pod${covers('Kubectl, replace')}`, async () => {
    const name = next()
    await ns.kubectl(['run', name, `--image=${busybox}`, '--labels', `run=${name}`, '--', 'sleep', '1000'])
    await podUntil(ns, name, 'to be ready', isReady)
    // what it reads carries its version: the kubelet may write the status before it is back
    const text = await until('to be replaced as it was read', async () => {
      const read = await ns.kubectl(['get', 'pod', name, '-o', 'json'])
      await ns.kubectl(['replace', '-f', '-'], { input: read.replaceAll(busybox, 'kubets/web:1') })
      return read
    })
    expect((await getPod(ns, name)).spec.containers[0]?.image).toBe('kubets/web:1')
    const { metadata } = await getPod(ns, name)
    await ns.kubectl(['replace', '--force', '--grace-period=1', '-f', '-'], { input: text })
    const again = await getPod(ns, name)
    expect(again.metadata.uid).not.toBe(metadata.uid)
    expect(again.spec.containers[0]?.image).toBe(busybox)
  })
  it(`a dry run on the server changes nothing${covers('Kubectl, server-side dry-run Pod')}`, async () => {
    const name = next()
    await ns.kubectl(['run', name, `--image=${busybox}`, '--', 'sleep', '1000'])
    const patch = JSON.stringify({ spec: { containers: [{ name, image: 'kubets/web:1' }] } })
    expect(await ns.kubectl(['patch', 'pod', name, '-p', patch, '--dry-run=server'])).toContain('patched')
    expect((await getPod(ns, name)).spec.containers[0]?.image).toBe(busybox)
  })
  it(`label adds and removes a label${covers('Kubectl, label update')}`, async () => {
    const name = next()
    await startPod(ns, name, { containers: [{ name: 'main', ...shell('sleep 1000') }] })
    await podUntil(ns, name, 'to be ready', isReady)
    await ns.kubectl(['label', 'pod', name, 'testing-label=testing-label-value'])
    expect(await ns.kubectl(['get', 'pod', name, '-L', 'testing-label'])).toContain('testing-label-value')
    expect(await ns.kubectl(['get', 'pods', '-l', 'testing-label=testing-label-value', '-o', 'name'])).toBe(
      `pod/${name}\n`,
    )
    await ns.kubectl(['label', 'pod', name, 'testing-label-'])
    expect(await ns.kubectl(['get', 'pod', name, '-L', 'testing-label'])).not.toContain('testing-label-value')
    expect(await ns.kubectl(['get', 'pods', '-l', 'testing-label', '-o', 'name'])).toBe('')
  })
  it(`diff finds the other image of a Deployment${covers('Kubectl, diff Deployment')}`, async () => {
    const name = next()
    const deployment = (image: string): object => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
      },
    })
    await ns.apply(deployment('kubets/web:1'))
    const { code, stdout } = await ns.try(['diff', '-f', '-'], { input: JSON.stringify(deployment(busybox)) })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^-\s+- image: kubets\/web:1$/m)
    expect(stdout).toMatch(/^\+\s+- image: kubets\/busybox:1$/m)
  })
  it(`logs can be cut${covers('Kubectl, logs')}`, async () => {
    const name = next()
    await startPod(ns, name, {
      containers: [
        { name: 'main', ...shell('for i in 1 2 3 4 5; do echo "line $i"; done; sleep 4; echo late; sleep 1000') },
      ],
    })
    const logs = (...options: string[]): Promise<string> => ns.kubectl(['logs', name, ...options])
    await until('the late line', async () => ((await logs().catch(() => '')).includes('late') ? true : undefined))
    expect(await logs('--tail=1')).toBe('late\n')
    expect(await logs('--limit-bytes=1')).toBe('l')
    expect(await logs('--tail=1', '--timestamps')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z late\n$/)
    expect(await logs('--since=24h')).toBe('line 1\nline 2\nline 3\nline 4\nline 5\nlate\n')
    await until('the past second to be quiet', async () => ((await logs('--since=1s')) === '' ? true : undefined))
  })

  it(`proxy serves any free port${covers('Kubectl, proxy port zero')}`, async () => {
    const proxy = background('kubectl', ['proxy', '--port=0'])
    try {
      const port = await until('its port', async () => /127\.0\.0\.1:(\d+)/.exec(proxy.output())?.[1])
      const text = await until('an answer', () => fetchText(`http://127.0.0.1:${port}/api/`))
      expect((JSON.parse(text) as { versions: string[] }).versions).toContain('v1')
    } finally {
      await proxy.stop()
    }
  })
  it(`proxy serves a socket${covers('Kubectl, proxy socket')}`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kubets-proxy-'))
    const socketPath = join(dir, 'socket')
    const proxy = background('kubectl', ['proxy', `--unix-socket=${socketPath}`])
    const read = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const sent = request({ socketPath, path: '/api/', timeout: 3_000, agent: false }, (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('error', reject)
          response.on('end', () => resolve(text))
        })
        sent.on('timeout', () => sent.destroy(new Error('no answer')))
        sent.on('error', reject)
        sent.end()
      })
    try {
      const text = await until('an answer', read)
      expect((JSON.parse(text) as { versions: string[] }).versions).toContain('v1')
    } finally {
      await proxy.stop()
      await rm(dir, { recursive: true, force: true })
    }
  })

  /** A ReplicationController of web servers, as its file would say it. */
  const controller = (name: string, replicas: number): object => ({
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name },
    spec: {
      replicas,
      selector: { app: name },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'web', image: 'kubets/web:1', ports: [{ containerPort: 8080 }] }],
        },
      },
    },
  })
  const controlled = async (name: string): Promise<Pod[]> => await ns.list<Pod>('pods', `app=${name}`)
  /** Exactly so many Pods of it, and all run. */
  const running = (name: string, replicas: number): Promise<Pod[]> =>
    until(
      `${String(replicas)} running Pods of ${name}`,
      async () => {
        const pods = await controlled(name)
        return pods.length === replicas && pods.every(isReady) ? pods : undefined
      },
      120_000,
    )
  const make = (name: string, replicas: number): Promise<string> =>
    ns.kubectl(['create', '-f', '-'], { input: JSON.stringify(controller(name, replicas)) })

  it(`a replication controller comes and goes${covers('Kubectl, replication controller')}`, async () => {
    const name = next()
    await make(name, 2)
    for (const pod of await running(name, 2)) expect(pod.spec.containers[0]?.image).toBe('kubets/web:1')
    await ns.kubectl(['delete', 'rc', name, '--grace-period=0', '--force'])
    await until('its Pods to be gone', async () => ((await controlled(name)).length === 0 ? true : undefined))
    expect(await ns.kubectl(['get', 'rc,svc', '-l', `app=${name}`, '--no-headers'])).toBe('')
  })
  it(`scale changes a replication controller${covers('Kubectl, scale replication controller')}`, async () => {
    const name = next()
    await make(name, 2)
    await running(name, 2)
    await ns.kubectl(['scale', 'rc', name, '--replicas=1', '--timeout=2m'], { timeoutMs: 130_000 })
    await running(name, 1)
    await ns.kubectl(['scale', 'rc', name, '--replicas=2', '--timeout=2m'], { timeoutMs: 130_000 })
    await running(name, 2)
    await ns.kubectl(['delete', 'rc', name])
  })
  it(`patch annotates the Pods of a replication controller${covers('Kubectl, patch to annotate')}`, async () => {
    const name = next()
    await make(name, 1)
    const pods = await running(name, 1)
    for (const { metadata } of pods) {
      await ns.kubectl(['patch', 'pod', metadata.name, '-p', '{"metadata":{"annotations":{"x":"y"}}}'])
      expect(await ns.kubectl(['get', 'pod', metadata.name, '-o', 'jsonpath={.metadata.annotations.x}'])).toBe('y')
    }
  })
  it(`expose makes Services of a replication controller and of a Service${covers('Kubectl, create service, replication controller')}`, async () => {
    const name = next()
    await make(name, 1)
    const [pod] = await running(name, 1)
    const served = async (service: string, port: number): Promise<void> => {
      const { spec } = await ns.get<{ spec: { ports: object[] } }>('services', service)
      expect(spec.ports).toMatchObject([{ port, targetPort: 8080 }])
      await until(`an endpoint of ${service}`, async () => {
        const { subsets } = await ns.get<{ subsets?: { addresses?: { ip: string }[]; ports: { port: number }[] }[] }>(
          'endpoints',
          service,
        )
        expect(subsets).toMatchObject([{ addresses: [{ ip: pod?.status.podIP }], ports: [{ port: 8080 }] }])
        return true
      })
    }
    await ns.kubectl(['expose', 'rc', name, `--name=${name}-2`, '--port=1234', '--target-port=8080'])
    await served(`${name}-2`, 1234)
    await ns.kubectl(['expose', 'service', `${name}-2`, `--name=${name}-3`, '--port=2345', '--target-port=8080'])
    await served(`${name}-3`, 2345)
  })
  it(`describe tells of all kinds of things${covers('Kubectl, describe pod or rc')}`, async () => {
    const name = next()
    await make(name, 1)
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, labels: { app: name } },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    })
    const [pod] = await running(name, 1)
    const podName = pod?.metadata.name ?? ''
    // Its Pod is ready before the controllers of statuses and endpoints have heard of it.
    const told = (args: readonly string[], ...wanted: RegExp[]): Promise<boolean> =>
      until(`${args.join(' ')} to tell all`, async () => {
        const text = await kubectl(args)
        for (const pattern of wanted) expect(text).toMatch(pattern)
        return true
      })
    const at = ['-n', ns.name, 'describe']
    await told(
      [...at, 'pod', podName],
      new RegExp(`^Name: +${podName}$`, 'm'),
      new RegExp(`^Namespace: +${ns.name}$`, 'm'),
      /^Node: +/m,
      new RegExp(`^Labels: +app=${name}$`, 'm'),
      /^Status: +Running$/m,
      /^IP: +\d/m,
      new RegExp(`^Controlled By: +ReplicationController/${name}$`, 'm'),
      /^ +Image: +kubets\/web:1$/m,
      /^ +State: +Running$/m,
      /^ +Ready: +True$/m,
    )
    await told(
      [...at, 'rc', name],
      new RegExp(`^Name: +${name}$`, 'm'),
      new RegExp(`^Namespace: +${ns.name}$`, 'm'),
      new RegExp(`^Selector: +app=${name}$`, 'm'),
      new RegExp(`^Labels: +app=${name}$`, 'm'),
      /^Annotations: +/m,
      /^Replicas: +1 current \/ 1 desired$/m,
      /^Pods Status: +1 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m,
      /^Pod Template:$/m,
      /^ +Image: +kubets\/web:1$/m,
      /SuccessfulCreate .*replication-controller +Created pod: /,
    )
    await told(
      [...at, 'service', name],
      new RegExp(`^Name: +${name}$`, 'm'),
      new RegExp(`^Namespace: +${ns.name}$`, 'm'),
      new RegExp(`^Labels: +app=${name}$`, 'm'),
      new RegExp(`^Selector: +app=${name}$`, 'm'),
      /^Type: +ClusterIP$/m,
      /^IP: +\d/m,
      /^Port: +<unset> +80\/TCP$/m,
      /^Endpoints: +\d/m,
      /^Session Affinity: +None$/m,
    )
    const node = pod?.spec.nodeName ?? ''
    await told(
      ['describe', 'node', node],
      new RegExp(`^Name: +${node}$`, 'm'),
      /^Labels: +/m,
      /^Annotations: +/m,
      /^CreationTimestamp: +/m,
      /^Conditions:$/m,
      /^ +Type +Status +LastHeartbeatTime +LastTransitionTime +Reason +Message$/m,
      /^Addresses:$/m,
      /^Capacity:$/m,
      /^ +Container Runtime Version: +/m,
      /^ +Kubelet Version: +/m,
    )
    await told(
      ['describe', 'namespace', ns.name],
      new RegExp(`^Name: +${ns.name}$`, 'm'),
      /^Labels: +/m,
      /^Status: +Active$/m,
    )
  })
})
