import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubectl } from '../harness/kubectl.ts'
import { allHealthy, freeze, killProgram, processOf } from '../harness/programs.ts'
import { Rollout } from '../harness/rollout.ts'
// The same flow as on the host's cluster: these suites run in this file, against the cluster that it starts.
import '../suites/web.e2e.ts'
import '../suites/kubectl.e2e.ts'
import { startCluster, traces, type ComposeCluster } from './cluster.ts'

let cluster: ComposeCluster | undefined
let before: string[] = []

beforeAll(async () => {
  before = await traces()
  cluster = await startCluster()
  await kubectl(['wait', 'node', '--all', '--for=condition=Ready', '--timeout=170s'], { timeoutMs: 180_000 })
}, 600_000)
afterAll(() => cluster?.dispose(), 300_000)

describe('a rollout during which a container of the cluster dies', () => {
  let rollout: Rollout
  beforeAll(async () => {
    rollout = await Rollout.start('compose')
  })
  afterAll(() => rollout.stop())

  it.each(['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'etcd'])(
    'kill -9 in the container of %s',
    async (name) => {
      const image = await rollout.begin()
      await killProgram(name)
      await allHealthy()
      await rollout.expectConverged(image)
    },
  )

  it('etcd stopped for 20 s', async () => {
    const image = await rollout.begin()
    const resume = freeze(await processOf('etcd'))
    await sleep(20_000) // the length of the outage is what is tested, not something waited for
    resume()
    await allHealthy()
    await rollout.expectConverged(image)
  })
})

describe('the end of the compose cluster', () => {
  it('is reached by cleanup and down -v, which leave nothing of a running Pod', async () => {
    await kubectl(['create', 'deployment', 'left', '--image=kubets/web:1', '--replicas=2'])
    await kubectl(['rollout', 'status', 'deployment/left', '--timeout=170s'], { timeoutMs: 180_000 })
    const during = await traces()
    expect(during.filter((line) => line.startsWith('container k8s_'))).toHaveLength(4)
    expect(during.some((line) => line.includes('kubernetes.io~projected'))).toBe(true)

    await cluster?.compose(['run', '--rm', 'cleanup'])
    await cluster?.compose(['down', '-v'])
    await cluster?.dispose()
    expect(await traces()).toEqual(before)
  }, 400_000)
})
