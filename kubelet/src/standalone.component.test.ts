import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limitsOf, makeCgroup } from './cgroups/look.testing.ts'
import { openCgroups } from './cgroups/open.ts'
import type { CgroupTree } from './cgroups/tree.ts'
import { readMachine } from './node/machine.ts'
import { makeImage, removeImage } from './runtime/docker/image.testing.ts'
import { testRuntime } from './runtime/docker/runtime.testing.ts'

const { signal } = new AbortController()
const name = `kubets-test-standalone-${process.pid}`
const image = `kubets-test/${name}:1`
const runtime = testRuntime(name, { infraImage: image })

describe('A kubelet with a KubeletConfiguration and without an API server', { timeout: caseMs }, () => {
  let folder: string
  let port: number
  let tree: CgroupTree
  let args: string[]
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
    const found = await openCgroups(true, clock, log)
    if (!found) throw new Error("this test needs the machine's cgroups")
    tree = found
    for (const cgroup of ['kube', 'system']) await makeCgroup(tree, `/${name}-others/${cgroup}`)
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
kubeReserved: { cpu: 300m, memory: 128Mi, pid: "500" }
systemReserved: { cpu: 200m, memory: 64Mi }
enforceNodeAllocatable: [pods, kube-reserved, system-reserved-compressible]
kubeReservedCgroup: /${name}-others/kube
systemReservedCgroup: /${name}-others/system
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
    args = Object.entries(options).map(([flag, value]) => `--${flag}=${value}`)
    kubelet = start()
    kubelet.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  })
  const start = (...more: string[]): ChildProcess =>
    spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args, ...more], {
      stdio: ['ignore', 'inherit', 'pipe'],
    })
  afterAll(async () => {
    kubelet.kill('SIGKILL')
    server.close()
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    for (const cgroup of [`/${name}`, `/${name}-others`]) await tree.remove(cgroup, signal)
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

  it('keeps from Pods what it is told to, and has the kernel hold others to it', async () => {
    const { cpus, memoryBytes, maxProcesses } = await readMachine(folder)
    const weight = (milli: number): string => {
      const shares = Math.floor((milli * 1024) / 1000)
      return String(tree.version === 1 ? shares : Math.floor(((shares - 2) * 9999) / 262142) + 1)
    }
    const pages = (bytes: number): string => String(bytes - (bytes % 4096))
    const ofPods = [weight(cpus * 1000 - 500), pages(memoryBytes - (192 << 20)), String(maxProcesses - 500)]
    expect(await limitsOf(tree, `/${name}/kubepods`)).toEqual(ofPods)
    expect(await limitsOf(tree, `/${name}-others/kube`)).toEqual([weight(300), String(128 << 20), '500'])
    const [cpu, memory] = await limitsOf(tree, `/${name}-others/system`)
    expect(cpu).toBe(weight(200))
    expect(memory).not.toBe(String(64 << 20))
  })

  it('does not start where the cgroup of these others is not there, or where more is kept than there is', async () => {
    const ends = async (...more: string[]): Promise<string> => {
      const other = start('--healthz-port=0', ...more)
      const text = buffer(other.stderr as Readable)
      expect(await once(other, 'exit')).toEqual([1, null])
      return (await text).toString()
    }
    const [missing, much] = await Promise.all([
      ends(`--kube-reserved-cgroup=/${name}-others/none`),
      ends('--system-reserved=memory=10Ti'),
    ])
    const why = `cgroup ["${name}-others" "none"] ${tree.version === 1 ? 'has some missing paths: ' : ''}`
    expect(missing).toMatch(/^kubelet: Failed to enforce Kube Reserved Cgroup Limits on ".*none": .*$/m)
    expect(missing).toContain(why.trimEnd())
    expect(much).toContain('\nkubelet: invalid Node Allocatable configuration. Resource "memory" has a reservation of ')
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
