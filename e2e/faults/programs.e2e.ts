import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJson } from '../harness/kubectl.ts'
import { allHealthy, freeze, killProgram, killSupervisor, processOf, up } from '../harness/programs.ts'
import { Rollout } from '../harness/rollout.ts'
import { until } from '../harness/until.ts'

/** Each program in turn dies in the middle of a rollout: the cluster converges, and nothing runs twice. */
describe('a rollout during which something dies', () => {
  let rollout: Rollout

  beforeAll(async () => {
    await allHealthy()
    rollout = await Rollout.start('faults')
  })
  afterAll(() => rollout.stop())

  it.each(['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'etcd'])(
    'kill -9 of %s',
    async (name) => {
      const image = await rollout.begin()
      await killProgram(name)
      await allHealthy()
      await rollout.expectConverged(image)
    },
  )

  it('kill -9 of what keeps the programs running, then up again', async () => {
    const image = await rollout.begin()
    await killSupervisor()
    await up()
    await allHealthy()
    await rollout.expectConverged(image)
  })

  it('etcd stopped for 20 s', async () => {
    const image = await rollout.begin()
    const resume = freeze(await processOf('etcd'))
    try {
      const failed = await rollout.ns.try(['create', 'configmap', 'while-etcd-is-away', '--request-timeout=5s'])
      expect(failed.code).not.toBe(0)
      await sleep(15_000) // the length of the outage is what is tested, not something waited for
    } finally {
      resume()
    }
    await allHealthy()
    await rollout.expectConverged(image)
  })

  it('the Docker engine does not answer for a while: the node says so, and recovers', async () => {
    const image = await rollout.begin()
    const resume = freeze(await processOf('dockerd'))
    try {
      await until('the node to be NotReady, with the reason', async () => {
        const ready = await readyCondition()
        return ready?.status === 'False' && /docker|runtime/i.test(ready.message) ? true : undefined
      })
    } finally {
      resume()
    }
    await until('the node to be Ready', async () => ((await readyCondition())?.status === 'True' ? true : undefined))
    await rollout.expectConverged(image)
  })
})

interface Nodes {
  readonly items: {
    readonly status: { readonly conditions: readonly { type: string; status: string; message: string }[] }
  }[]
}

async function readyCondition(): Promise<{ status: string; message: string } | undefined> {
  const { items } = await getJson<Nodes>(['nodes'])
  return items[0]?.status.conditions.find((one) => one.type === 'Ready')
}
