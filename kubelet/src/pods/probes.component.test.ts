import { mkdir, stat, writeFile } from 'node:fs/promises'
import http, { type IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { events } from '@kubets/shared/api/resources.gen.ts'
import { createCA } from '@kubets/shared/process/certificates.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf, lookAt, runs, shell, statusOf, succeeded } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const often = { periodSeconds: 1, timeoutSeconds: 30 }
const volumeMounts = [{ name: 'data', mountPath: '/data' }]

/** How containers are asked whether they have started, live and are ready, and what they are told before they end. */
describe.concurrent('A container that is asked', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  const asked = new Map<string, IncomingHttpHeaders>()
  const answer: http.RequestListener = ({ url = '', headers }, response) => {
    asked.set(url, headers)
    const to = { '/local': '/ok', '/lost': '/nowhere', '/foreign': 'http://0.0.0.0/' }[url]
    if (to !== undefined) response.writeHead(302, { location: to }).end('go there')
    else response.writeHead(/^\/ok(\?|$)/.test(url) ? 200 : 500).end('well')
  }
  const plain = http.createServer(answer)
  let secret: https.Server
  const portOf = async (server: http.Server | https.Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  let ports: { plain: number; secret: number }
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '40' })
    look = lookAt(node)
    secret = https.createServer(await createCA('nobody knows'), answer)
    ports = { plain: await portOf(plain), secret: await portOf(secret) }
  })
  afterAll(async () => {
    for (const server of [plain, secret]) {
      server.closeAllConnections()
      server.close()
    }
    await node.stop()
  })
  /** A folder of the machine that a Pod has. */
  const folderFor = async (name: string) => {
    const place = `${node.rootDir}/${name}`
    await mkdir(place)
    return { place, volumes: [{ name: 'data', hostPath: { path: place } }] }
  }
  const there = (place: string): Promise<boolean> =>
    stat(place).then(
      () => true,
      () => false,
    )

  // test/e2e/common/node/container_probe.go, startup probes
  it('is asked nothing else until it has started, and then at once', async () => {
    const { place, volumes } = await folderFor('starting')
    const ask = (file: string) => ({ exec: shell(`touch /data/${file}`) })
    await node.run('starting', {
      volumes,
      containers: [
        {
          name: 'main',
          startupProbe: { ...often, exec: shell('test -e /data/go'), failureThreshold: 600 },
          livenessProbe: { ...often, ...ask('lives') },
          readinessProbe: { ...often, ...ask('ready') },
          volumeMounts,
        },
      ],
    })
    const waits = await node.until('starting', runs)
    expect(statusOf(waits)).toMatchObject({ started: false, ready: false })
    await waitFor(async () => {
      const { items } = await node.client.list(events, { namespace: 'default' })
      return items.some(({ message, count = 0 }) => message === 'Startup probe failed: ' && count > 2)
    })
    expect([await there(`${place}/lives`), await there(`${place}/ready`)]).toEqual([false, false])
    await writeFile(`${place}/go`, '')
    const pod = await node.until('starting', (one) => statusOf(one)?.ready)
    expect(statusOf(pod)).toMatchObject({ started: true, restartCount: 0 })
    await waitFor(() => there(`${place}/lives`))
  })

  // test/e2e/common/node/container_probe.go, redirects
  it('may lead to another place of its host, and no further', async () => {
    const at = (path: string, more: object = {}) => ({
      ...often,
      httpGet: { host: '127.0.0.1', port: ports.plain, path, ...more },
    })
    const httpHeaders = [
      { name: 'X-Asks', value: 'kubelet' },
      { name: 'Host', value: 'somebody.example' },
    ]
    await node.run('leading', {
      containers: [
        { name: 'local', readinessProbe: at('/local', { httpHeaders }) },
        { name: 'lost', readinessProbe: at('/lost') },
        { name: 'foreign', livenessProbe: { ...at('/foreign'), failureThreshold: 1 } },
        { name: 'secret', readinessProbe: at('/ok', { scheme: 'HTTPS', port: ports.secret }) },
      ],
    })
    const ready = { local: true, lost: false, foreign: true, secret: true }
    await node.until('leading', (pod) => Object.entries(ready).every(([name, is]) => statusOf(pod, name)?.ready === is))
    expect(await look.event('leading', 'Unhealthy')).toBe(
      'Readiness probe failed: HTTP probe failed with statuscode: 500',
    )
    expect(await look.event('leading', 'ProbeWarning')).toBe(
      'Liveness probe warning: Probe terminated redirects, Response body: go there',
    )
    expect(statusOf(await node.get('leading'), 'foreign')?.restartCount).toBe(0)
    expect(asked.get('/local')).toMatchObject({
      'user-agent': 'kube-probe/1.36',
      accept: '*/*',
      'x-asks': 'kubelet',
      host: 'somebody.example',
    })
  })

  it('may be a sidecar, which starts again alone when it does not live', async () => {
    const script = 'test -e /data/been && exec sleep 1000; sleep 1000'
    await node.run('side', {
      restartPolicy: 'Never',
      volumes: [{ name: 'data', emptyDir: {} }],
      initContainers: [
        {
          name: 'sidecar',
          restartPolicy: 'Always',
          ...shell(script),
          livenessProbe: {
            ...often,
            exec: shell('test -e /data/been || { touch /data/been; false; }'),
            failureThreshold: 1,
          },
          volumeMounts,
        },
      ],
      containers: [{ name: 'main', volumeMounts }],
    })
    const pod = await node.until('side', (one) => statusOf(one, 'sidecar')?.restartCount === 1 && runs(one))
    expect(statusOf(pod, 'main')?.restartCount).toBe(0)
    expect(await look.event('side', 'Killing')).toBe('Container sidecar failed liveness probe, will be restarted')
    await node.until('side', (one) => statusOf(one, 'sidecar')?.ready)
  })

  // test/e2e/common/node/lifecycle_hook.go, the sleep action
  it('is told to end when the hook before that has slept', async () => {
    const { place, volumes } = await folderFor('sleeping')
    const script = 'trap "touch /data/told; exit 0" TERM; while :; do sleep 0.1; done'
    const sleep = (seconds: number) => ({ preStop: { sleep: { seconds } } })
    await node.run('sleeping', {
      terminationGracePeriodSeconds: 600,
      volumes,
      containers: [{ name: 'main', ...shell(script), lifecycle: sleep(3), volumeMounts }],
    })
    await node.until('sleeping', runs)
    const asked = Date.now()
    await look.remove('sleeping')
    await look.gone('sleeping')
    // sooner it must not be
    expect((await stat(`${place}/told`)).mtimeMs - asked).toBeGreaterThan(2900)
    // and a hook that sleeps longer than the grace does not keep anything alive
    await node.run('oversleeping', {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', lifecycle: sleep(1) }],
    })
    await node.until('oversleeping', runs)
    await look.remove('oversleeping')
    await look.gone('oversleeping')
  })

  // test/e2e/common/node/lifecycle_hook.go, https hooks; pkg/kubelet/lifecycle/handlers.go runHTTPHandler
  it('has its hooks called by HTTPS, whoever signed the certificate', async () => {
    const hook = (of: string) => ({
      httpGet: {
        path: `/ok?${of}`,
        host: '127.0.0.1',
        port: ports.secret,
        scheme: 'HTTPS',
        httpHeaders: [{ name: 'X-Of', value: of }],
      },
    })
    await node.run('hooked', {
      containers: [{ name: 'main', lifecycle: { postStart: hook('b'), preStop: hook('e') } }],
    })
    await node.until('hooked', runs)
    expect(asked.get('/ok?b')).toMatchObject({ 'x-of': 'b' })
    expect(asked.has('/ok?e')).toBe(false)
    await look.remove('hooked')
    await look.gone('hooked')
    expect(asked.get('/ok?e')).toMatchObject({ 'x-of': 'e' })
  })

  // test/e2e_node/container_lifecycle_test.go, "postStart hook of a restartable init container blocks the next one"
  it('comes after the hook of the sidecar before it', async () => {
    const note = (word: string) => `echo ${word} >> /data/log`
    await node.run('in-order', {
      restartPolicy: 'Never',
      volumes: [{ name: 'data', emptyDir: {} }],
      initContainers: [
        {
          name: 'first',
          restartPolicy: 'Always',
          ...shell(`${note('first')}; exec sleep 1000`),
          lifecycle: { postStart: { exec: shell(`sleep 2; ${note('hook')}`) } },
          volumeMounts,
        },
        { name: 'second', ...shell(note('second')), volumeMounts },
      ],
      containers: [{ name: 'main', ...shell('cat /data/log'), volumeMounts }],
    })
    const pod = await node.until('in-order', succeeded)
    expect((await look.logOf(idOf(pod, 'main'))).toString()).toBe('first\nhook\nsecond\n')
  })
})
