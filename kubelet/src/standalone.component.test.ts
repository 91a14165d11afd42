import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCgroups } from './cgroups/open.ts'
import { makeImage, removeImage } from './runtime/docker/image.testing.ts'
import { testRuntime } from './runtime/docker/runtime.testing.ts'

const { signal } = new AbortController()
const name = `kubets-test-standalone-${process.pid}`
const image = `kubets-test/${name}:1`
const runtime = testRuntime(name, { infraImage: image })

describe('A kubelet with a KubeletConfiguration and without an API server', { timeout: 120_000 }, () => {
  let folder: string
  let port: number
  let kubelet: ChildProcess
  let said = ''
  /** What the URL of static Pods gives, asked with this header. */
  let served: object = { apiVersion: 'v1', kind: 'PodList', items: [] }
  const asked: unknown[] = []
  const server = http.createServer((request, response) => {
    asked.push(request.headers['x-of'])
    response.end(JSON.stringify(served))
  })
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-standalone-'))
    await mkdir(path.join(folder, 'manifests'))
    port = await freePort()
    await makeImage(image, ['sh', 'sleep'])
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const config = path.join(folder, 'kubelet.yaml')
    await writeFile(
      config,
      `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: ${path.join(folder, 'manifests')}
staticPodURL: http://127.0.0.1:${(server.address() as AddressInfo).port}/pods
staticPodURLHeader: { X-Of: [${name}] }
httpCheckFrequency: 100ms
healthzPort: ${port}
cgroupRoot: /${name}
# the machine's images are others', too
imageGCHighThresholdPercent: 100
evictionHard: { memory.available: 0% }
maxPods: 3
crashLoopBackOff: { maxContainerRestartPeriod: 1s }
`,
    )
    const options = {
      config,
      'hostname-override': name,
      'node-ip': '127.0.0.1',
      'root-dir': path.join(folder, 'root'),
      'pod-infra-container-image': image,
    }
    const args = Object.entries(options).map(([flag, value]) => `--${flag}=${value}`)
    kubelet = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args], {
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    kubelet.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  })
  afterAll(async () => {
    kubelet.kill('SIGKILL')
    server.close()
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    await (await openCgroups(true, clock, log))?.remove(`/${name}`, signal)
    await removeImage(image)
    await rm(folder, { recursive: true })
  })
  const containers = async (pod: string) =>
    (await runtime.listContainers({}, signal)).filter((one) => one.pod.name === `${pod}-${name}`)
  const running = (pod: string) =>
    waitFor(async () => {
      const all = await containers(pod)
      return all.some((one) => one.state === 'CONTAINER_RUNNING') ? all : undefined
    })
  const pod = (of: string, script = 'trap "exit 0" TERM; while :; do sleep 0.1; done'): object => {
    const main = { name: 'main', image, command: ['sh', '-c', script] }
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: of }, spec: { hostNetwork: true, containers: [main] } }
  }

  it('runs the Pods that a URL has, as long as it has them', async () => {
    served = { apiVersion: 'v1', kind: 'PodList', items: [pod('one'), pod('two')] }
    const [one] = await running('one')
    await running('two')
    expect(one).toMatchObject({ name: 'main', pod: { namespace: 'default' } })
    expect(new Set(asked)).toEqual(new Set([name]))
    served = { apiVersion: 'v1', kind: 'PodList', items: [pod('two')] }
    await waitFor(async () => (await containers('one')).length === 0)
    expect((await containers('two')).map(({ state }) => state)).toEqual(['CONTAINER_RUNNING'])
    // a list without Pods is one, too
    served = { apiVersion: 'v1', kind: 'PodList', items: [] }
    await waitFor(async () => (await runtime.listPodSandbox({}, signal)).length === 0)
  })

  it('starts what ends again and again as soon as it is told to', async () => {
    served = { apiVersion: 'v1', kind: 'PodList', items: [pod('failing', 'exit 3')] }
    const last = await waitFor(async () => (await containers('failing')).find(({ attempt }) => attempt >= 4))
    expect(last.labels['kubets.back-off']).toBe('1')
    served = { apiVersion: 'v1', kind: 'PodList', items: [] }
    await waitFor(async () => (await runtime.listPodSandbox({}, signal)).length === 0)
  })

  it('runs static Pods, and says that this is all it does', async () => {
    const manifest = path.join(folder, 'manifests', 'web.json')
    await writeFile(manifest, JSON.stringify(pod('web')))
    const [web] = await running('web')
    expect(web).toMatchObject({ name: 'main', pod: { name: `web-${name}`, namespace: 'default' } })
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    await rm(manifest)
    await waitFor(async () => (await runtime.listPodSandbox({}, signal)).length === 0)
    const ended = once(kubelet, 'exit')
    kubelet.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(said).toContain('Standalone mode, no API client')
    // it asks nobody
    expect(said).not.toContain('standalone-mode.invalid')
    expect(said).not.toContain('"level":"error"')
  })
})
