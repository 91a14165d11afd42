import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { allHealthy, killProgram } from '../harness/programs.ts'
import { Rollout } from '../harness/rollout.ts'

const programs = ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'etcd'] as const
const rounds = 12

/** kill -9 of one program after the other, at a random moment of a rollout: the cluster converges every time. */
describe('kills at random moments', () => {
  let rollout: Rollout

  beforeAll(async () => {
    await allHealthy()
    rollout = await Rollout.start('kills')
  })
  afterAll(() => rollout.stop())

  it.each(Array.from({ length: rounds }, (_value, round) => round + 1))('round %i', async (round) => {
    const image = await rollout.begin()
    const name = programs[round % programs.length] ?? 'apiserver'
    const moment = Math.random() * 6000
    process.stdout.write(`round ${String(round)}: ${name} dies after ${moment.toFixed(0)} ms\n`)
    await sleep(moment) // the random moment is the test
    await killProgram(name)
    await allHealthy()
    await rollout.expectConverged(image)
  })
})
