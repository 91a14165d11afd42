import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allHealthy, freeze, killProgram, killSupervisor, processOf, up } from '../harness/programs.ts'
import { Rollout } from '../harness/rollout.ts'

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
})
