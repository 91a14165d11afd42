import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

describe('A kubelet without an API server', { timeout: 120_000 }, () => {
  let folder: string
  let port: number
  let kubelet: ChildProcess
  let said = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-standalone-'))
    await mkdir(path.join(folder, 'manifests'))
    port = await freePort()
    await makeImage(image, ['sh', 'sleep'])
    const options = {
      'hostname-override': name,
      'node-ip': '127.0.0.1',
      'root-dir': path.join(folder, 'root'),
      'pod-manifest-path': path.join(folder, 'manifests'),
      'pod-infra-container-image': image,
      'cgroup-root': `/${name}`,
      'healthz-port': String(port),
      // the machine's images are others', too
      'image-gc-high-threshold': '100',
      'eviction-hard': '',
    }
    const args = Object.entries(options).map(([flag, value]) => `--${flag}=${value}`)
    kubelet = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args], {
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    kubelet.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  })
  afterAll(async () => {
    kubelet.kill('SIGKILL')
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    await (await openCgroups(true, clock, log))?.remove(`/${name}`, signal)
    await removeImage(image)
    await rm(folder, { recursive: true })
  })
  const containers = async () =>
    (await runtime.listContainers({}, signal)).filter((one) => one.pod.name === `web-${name}`)

  it('runs static Pods, and says that this is all it does', async () => {
    const main = { name: 'main', image, command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'] }
    const spec = { hostNetwork: true, containers: [main] }
    const manifest = path.join(folder, 'manifests', 'web.json')
    await writeFile(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }))
    const [running] = await waitFor(async () => {
      const all = await containers()
      return all.some((one) => one.state === 'CONTAINER_RUNNING') ? all : undefined
    })
    expect(running).toMatchObject({ name: 'main', pod: { name: `web-${name}`, namespace: 'default' } })
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
