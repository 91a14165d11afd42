import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pods, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCgroups } from '../cgroups/open.ts'
import { idOf, runs, statusOf } from '../pods/look.testing.ts'
import { makeImage, removeImage } from '../runtime/docker/image.testing.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { allocate, createClaim, startDraDriver, type TestDraDriver } from './driver.testing.ts'

const { signal } = new AbortController()
const namespace = 'default'
const name = `kubets-test-dra-${process.pid}`
const image = `kubets-test/${name}:1`
const lateImage = `kubets-test/${name}-late:1`
const driverName = 'kept.example.com'
const runtime = testRuntime(name, { infraImage: image })

describe('A kubelet that is killed while Pods have claims', { timeout: 2 * caseMs }, () => {
  let api: Awaited<ReturnType<typeof startApiServer>>
  let folder: string
  let rootDir: string
  let args: string[]
  let kubelet: ChildProcess
  let driver: TestDraDriver

  const start = (): void => {
    kubelet = spawn(process.execPath, [path.join(import.meta.dirname, '../main.ts'), ...args], { stdio: 'ignore' })
  }
  const kill = async (): Promise<void> => {
    const ended = once(kubelet, 'exit')
    if (kubelet.kill('SIGKILL')) await ended
  }
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-dra-'))
    rootDir = path.join(folder, 'root')
    await mkdir(rootDir)
    api = await startApiServer()
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }
    await api.client.create(serviceAccounts, account)
    await makeImage(image)
    const options = {
      // with the rights of a node alone
      kubeconfig: await api.kubeconfig(`system:node:${name}`, ['system:nodes']),
      'hostname-override': name,
      'node-ip': '127.0.0.1',
      'root-dir': rootDir,
      'pod-infra-container-image': image,
      'cgroup-root': `/${name}`,
      'healthz-port': '0',
      // the machine's images are others', too
      'image-gc-high-threshold': '100',
      'eviction-hard': '',
    }
    args = Object.entries(options).map(([flag, value]) => `--${flag}=${value}`)
    driver = await startDraDriver(rootDir, driverName)
    start()
  })
  afterAll(async () => {
    await kill()
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    await (await openCgroups(true, clock, log))?.remove(`/${name}`, signal)
    await driver.stop()
    await api.stop()
    await removeImage(image)
    await removeImage(lateImage).catch(() => undefined)
    await rm(folder, { recursive: true })
  })

  /** A Pod with a claim of its name. */
  const run = async (of: string, container: { image: string; imagePullPolicy?: string }): Promise<void> => {
    const claim = await createClaim(api.client, of)
    const resources = { claims: [{ name: 'mine' }] }
    const pod = await api.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: of, namespace },
      spec: {
        nodeName: name,
        hostNetwork: true,
        automountServiceAccountToken: false,
        resourceClaims: [{ name: 'mine', resourceClaimName: of }],
        containers: [{ name: 'main', command: ['sleep', '1000000'], resources, ...container }],
      },
    })
    await allocate(api.client, claim, driverName, [pod])
  }
  const until = (of: string, check: (pod: Pod) => unknown): Promise<Pod> =>
    waitFor(async () => {
      const pod = await api.client.get(pods, of, { namespace })
      return check(pod) ? pod : undefined
    }, `${of}: ${check.toString()}`)
  const environment = async (pod: Pod): Promise<string> =>
    (await runtime.execSync(idOf(pod), ['env'], 20_000, signal)).stdout.toString()
  const asked = (claim: string) => [
    driver.asked('NodePrepareResources', claim),
    driver.asked('NodeUnprepareResources', claim),
  ]

  /** The kubelet is killed while the driver prepares the claim of a new Pod. */
  const diesPreparing = async (of: string): Promise<void> => {
    driver.before = ({ method, claims }) => {
      if (method === 'NodePrepareResources' && claims.includes(of)) kubelet.kill('SIGKILL')
    }
    const ended = once(kubelet, 'exit')
    await run(of, { image })
    await ended
    driver.before = () => undefined
  }

  it('starts after it what was prepared before', async () => {
    await run('prepared', { image: lateImage, imagePullPolicy: 'Never' })
    await until('prepared', (pod) => statusOf(pod)?.state?.waiting?.reason === 'ErrImageNeverPull')
    expect(asked('prepared')).toEqual([1, 0])
    await kill()
    await makeImage(lateImage)
    start()
    expect(await environment(await until('prepared', runs))).toContain('DEVICE_one=prepared')
    expect(asked('prepared')).toEqual([1, 0])
  })

  it('prepares again what it heard no answer to', async () => {
    await diesPreparing('unheard')
    start()
    expect(await environment(await until('unheard', runs))).toContain('DEVICE_one=unheard')
    expect(asked('unheard')).toEqual([2, 0])
  })

  it('has taken back once what Pods had that are gone since, even those that never began', async () => {
    await diesPreparing('unborn')
    const all = ['prepared', 'unheard', 'unborn']
    for (const of of all) await api.client.delete(pods, of, { namespace, gracePeriodSeconds: 0 })
    start()
    await waitFor(() => all.every((of) => asked(of)[1] === 1))
    await waitFor(async () => (await runtime.listPodSandbox({}, signal)).length === 0)
    await waitFor(async () => !(await readFile(path.join(rootDir, 'dra_manager_state'), 'utf8')).includes('ClaimUID'))
    expect(all.map(asked)).toEqual([
      [1, 1],
      [2, 1],
      [1, 1],
    ])
  })
})
