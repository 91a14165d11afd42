import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nodes, pods, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { issueCertificate } from '@kubets/shared/process/certificates.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCgroups } from './cgroups/open.ts'
import { makeImage, removeImage } from './runtime/docker/image.testing.ts'
import { testRuntime } from './runtime/docker/runtime.testing.ts'

const { signal } = new AbortController()
const name = `kubets-test-kubelet-${process.pid}`
const image = `kubets-test/${name}:1`
const runtime = testRuntime(name, { infraImage: image })
const namespace = 'default'

describe('A kubelet with an API server', { timeout: caseMs }, () => {
  let folder: string
  let api: Awaited<ReturnType<typeof startApiServer>>
  let kubelet: ChildProcess
  /** An administrator's, of the kubelet's own server. */
  let client: Client

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-kubelet-'))
    api = await startApiServer()
    await api.client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    })
    await makeImage(image, ['sh', 'sleep'])
    const file = async (of: string, text: string): Promise<string> => {
      await writeFile(path.join(folder, of), text, { mode: 0o600 })
      return path.join(folder, of)
    }
    const serving = await issueCertificate(api.authority, {
      commonName: `system:node:${name}`,
      organizations: ['system:nodes'],
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    })
    const admin = await issueCertificate(api.authority, {
      commonName: 'admin',
      organizations: ['system:masters'],
      usages: ['client'],
      days: 1,
    })
    const port = await freePort()
    const server = `https://127.0.0.1:${port}`
    client = new Client({ server, ca: api.authority.cert, ...admin, userAgent: 'test' }, { clock })
    const options = {
      // with the rights of a node alone
      kubeconfig: await api.kubeconfig(`system:node:${name}`, ['system:nodes']),
      'hostname-override': name,
      'node-ip': '127.0.0.1',
      'root-dir': path.join(folder, 'root'),
      'pod-infra-container-image': image,
      'cgroup-root': `/${name}`,
      'healthz-port': '0',
      address: '127.0.0.1',
      port: String(port),
      'tls-cert-file': await file('kubelet.crt', serving.cert),
      'tls-private-key-file': await file('kubelet.key', serving.key),
      'client-ca-file': await file('ca.crt', api.authority.cert),
      // the machine's images are others', too
      'image-gc-high-threshold': '100',
      'eviction-hard': '',
    }
    const args = Object.entries(options).map(([flag, value]) => `--${flag}=${value}`)
    kubelet = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args], { stdio: 'ignore' })
  })
  afterAll(async () => {
    kubelet.kill('SIGKILL')
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    await (await openCgroups(true, clock, log))?.remove(`/${name}`, signal)
    await client.close()
    await api.stop()
    await removeImage(image)
    await rm(folder, { recursive: true })
  })

  it('registers its node, and runs the Pods that are bound to it', async () => {
    await waitFor(() => api.client.get(nodes, name).catch(() => undefined))
    await api.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace },
      spec: {
        nodeName: name,
        hostNetwork: true,
        automountServiceAccountToken: false,
        containers: [{ name: 'main', image, command: ['sh', '-c', 'sleep 1000'] }],
      },
    })
    await waitFor(async () => (await api.client.get(pods, 'web', { namespace })).status?.phase === 'Running')
  })

  it.each<[string, string]>([
    ['/healthz', 'ok'],
    ['/pods', '"name":"web"'],
    ['/configz', '"kubeletconfig"'],
    ['/metrics', 'kubelet_node_name'],
    ['/metrics/probes', ''],
    ['/metrics/resource', 'container_cpu_usage_seconds_total'],
    ['/stats/summary', `"nodeName":"${name}"`],
    [`/containerLogs/${namespace}/web/main`, ''],
  ])('answers %s over HTTPS', async (url, expected) => {
    const { status, body } = await client.raw('GET', url)
    expect([status, body.toString()]).toEqual([200, expect.stringContaining(expected)])
  })

  it('ends in order, and leaves its Pods running', async () => {
    const ended = once(kubelet, 'exit')
    kubelet.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    const [container] = await runtime.listContainers({}, signal)
    expect(container).toMatchObject({ name: 'main', state: 'CONTAINER_RUNNING' })
  })
})
