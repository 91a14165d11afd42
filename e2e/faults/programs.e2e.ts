import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubectl } from '../harness/kubectl.ts'
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

  it('a kubelet is away while its Pods are evicted, and comes back', async () => {
    const image = await rollout.begin()
    await rollout.expectConverged(image)
    const pods = () => rollout.ns.list<{ metadata: { uid: string; deletionTimestamp?: string } }>('pods')
    const evicted = new Set((await pods()).map(({ metadata }) => metadata.uid))
    const node = await kubectl(['get', 'nodes', '--output=jsonpath={.items[0].metadata.name}'])
    const resume = freeze(await processOf('kubelet'))
    try {
      await kubectl(['taint', 'nodes', node, 'away=yes:NoExecute'])
      await until('every Pod to be told to end', async () => {
        const there = (await pods()).filter(({ metadata }) => evicted.has(metadata.uid))
        return there.length === 3 && there.every(({ metadata }) => metadata.deletionTimestamp) ? true : undefined
      })
    } finally {
      resume()
      await kubectl(['taint', 'nodes', node, 'away-'])
    }
    await allHealthy()
    await rollout.expectConverged(image)
    expect((await pods()).filter(({ metadata }) => evicted.has(metadata.uid))).toEqual([])
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
})
