import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evictionsOf, garbageOf } from '../eviction/evictions.testing.ts'
import { startEngine, type TestEngine } from '../runtime/docker/engine.testing.ts'
import { failed, idOf, lookAt, runs, shell, statusOf } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const stopping = new AbortController()

/** A node whose Docker has a small disk of its own. */
describe('A node whose Docker has a full disk', { timeout: caseMs }, () => {
  let engine: TestEngine
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  const bridged = (): boolean => existsSync('/sys/class/net/docker0')
  let before: boolean
  beforeAll(async () => {
    before = bridged()
    engine = await startEngine(48)
    const resources = { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '20' }
    node = await startTestNode(resources, { engine: engine.socket })
    look = lookAt(node)
  })
  afterAll(async () => {
    stopping.abort()
    await node.stop()
    await engine.stop()
  })

  it("leaves the machine's own Docker its bridge", () => {
    expect(bridged()).toBe(before)
  })

  it('says so of the Pods that it cannot start, keeps the others, and starts them when there is room', async () => {
    await node.run('before', { containers: [{ name: 'main' }] })
    const before = await node.until('before', runs)
    const filling = path.join(engine.data, 'filling')
    await promisify(execFile)('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4k']).catch(() => undefined)
    const pod = await node.run('during', { containers: [{ name: 'main' }] })
    expect(await look.event('during', 'FailedCreatePodSandBox')).toMatch(/no space left on device/)
    const waiting = statusOf(await node.until('during', (one) => statusOf(one)?.state?.waiting))
    expect(waiting?.state?.waiting?.reason).toBe('ContainerCreating')
    const still = await node.get('before')
    expect([idOf(still), statusOf(still)?.restartCount]).toEqual([idOf(before), 0])
    expect(await look.exec(idOf(before), 'echo here')).toBe('here\n')
    await rm(filling)
    node.manager.poke(pod.metadata.uid ?? '')
    await node.until('during', runs)
    expect(idOf(await node.get('before'))).toBe(idOf(before))
  })

  it('is under pressure, and has room again when who fills it is gone', async () => {
    const { sizes, evicted, manager } = evictionsOf(node)
    const script = 'cat /dev/zero > /large; touch /tmp/full; sleep 1000'
    await node.run('filler', { containers: [{ name: 'main', ...shell(script) }] })
    const filler = await node.until('filler', runs)
    await waitFor(async () => (await look.exec(idOf(filler), 'ls /tmp')).includes('full'), 'the disk to be full')
    void sizes.run(stopping.signal)
    await waitFor(() => sizes.of(filler.metadata.uid ?? '').containers.length > 0)
    const stop = new AbortController()
    const running = manager({ 'imagefs.available': '15%' }, { garbage: garbageOf(node) }).run(stop.signal)
    try {
      const { status } = await node.until('filler', failed)
      expect(status).toMatchObject({ reason: 'Evicted' })
      expect(status?.message).toMatch(
        /^The node was low on resource: ephemeral-storage\. Threshold quantity: \d+\w*, available: \d+\w*\. Container main was using \d+\w+, request is 0, has larger consumption of ephemeral-storage\. $/,
      )
      expect(node.pressure).toEqual(['DiskPressure'])
      // what it wrote goes with its container
      const labelled = { podUid: filler.metadata.uid ?? '' }
      await waitFor(async () => (await node.runtime.listContainers(labelled, stopping.signal)).length === 0)
    } finally {
      stop.abort()
      await running
    }
    expect(evicted).toEqual(['filler'])
    expect([runs(await node.get('before')), runs(await node.get('during'))]).toEqual([true, true])
  })
})
