import { nodes } from '../harness/namespace.ts'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { allHealthy, freeze, processOf } from '../harness/programs.ts'
import { Rollout } from '../harness/rollout.ts'
import { until } from '../harness/until.ts'

/** Here and not among the faults of every run: an engine that was frozen may keep an endpoint of a network it forgot. */
describe('a rollout during which Docker is away', () => {
  let rollout: Rollout

  beforeAll(async () => {
    await allHealthy()
    rollout = await Rollout.start('docker')
  })
  afterAll(() => rollout.stop())

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

async function readyCondition(): Promise<{ status: string; message: string } | undefined> {
  return (await nodes())[0]?.status.conditions.find((one) => one.type === 'Ready')
}
