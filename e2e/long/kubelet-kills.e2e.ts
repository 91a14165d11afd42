import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { configMaps, pods, secrets } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { seededRandom } from '@kubets/shared/testing/generate.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKubeletNode, type KubeletNode } from '../harness/kubelet-node.ts'
import { background, run, type Background } from '../harness/kubectl.ts'
import { serveImage, type Registry } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { deafSeconds, podOf, variants, wrongIn, type Variant } from './kubelet/pods.ts'
import { ranTwice, secondsToEnd, starts, type DockerEvent } from './kubelet/trace.ts'

const kills = Number(process.env.KUBETS_KILLS ?? 200)
const seed = Number(process.env.KUBETS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const perRound = 8
const podsPerRound = 4
// Between two deaths, and from a command to the first: a kubelet gets some way in that time.
const longestMs = 4000
const namespace = 'default'
// no other node of this machine has these
const cidrs = { pods: '10.253.7.0/24', cluster: '10.253.0.0/16' }

/** kill -9 of the kubelet at random moments of its Pods' lives: each time it picks up what it left. */
describe('a kubelet that dies again and again', () => {
  const next = seededRandom(seed)
  let node: KubeletNode
  let registry: Registry
  let all: Record<string, Variant>
  let watcher: Background
  let foreign: string

  beforeAll(async () => {
    process.stdout.write(`seed ${String(seed)}\n`)
    const busybox = await readFile('/bin/busybox')
    registry = await serveImage('pulled', [{ 'bin/sh': busybox, 'bin/sleep': busybox }])
    node = await startKubeletNode(cidrs)
    const metadata = { namespace }
    const data = { key: 'value' }
    await node.client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'map', ...metadata },
      data,
    })
    const stringData = data
    await node.client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'secret', ...metadata },
      stringData,
    })
    all = variants(registry.image)
    const filter = ['--filter', 'type=container', '--filter', `label=kubets.node=${node.name}`]
    watcher = background('docker', ['events', ...filter, '--format', '{{json .}}'])
    foreign = (
      await run('docker', ['run', '-d', '--network=none', 'kubets/busybox:1', 'sleep', '100000'])
    ).stdout.trim()
  })
  afterAll(async () => {
    await watcher.stop()
    await run('docker', ['rm', '-f', foreign])
    const left = await node.stop()
    await run('docker', ['rmi', registry.image])
    await registry.stop()
    expect(left).toEqual([])
  })

  const seen = (): DockerEvent[] =>
    watcher
      .output()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as DockerEvent)

  /** So many deaths, each a random time after what was before it. */
  const dieSometimes = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      // every other one dies while it works, however long it takes to begin; the rest may die before that
      if (time % 2 === 1) await node.works()
      await sleep(next() * longestMs) // the random moment is the test
      await node.kill()
      node.start()
    }
  }

  const startedOnce = async (made: ReadonlyMap<Pod, Variant>): Promise<void> => {
    for (const [{ metadata }, variant] of made) {
      const counts = () => starts(seen(), metadata.uid ?? '')
      await expect.poll(counts, { message: metadata.name ?? '', timeout: 30_000 }).toEqual(variant.starts)
    }
  }

  const rounds = Math.ceil(kills / perRound)
  it.each(Array.from({ length: rounds }, (_value, round) => round + 1))(
    `round %i of ${String(rounds)}`,
    async (round) => {
      const names = Object.keys(all)
      const made = new Map<Pod, Variant>()
      for (let at = 0; at < podsPerRound; at++) {
        const kind = names[(round * podsPerRound + at) % names.length] ?? ''
        const variant = all[kind]
        if (!variant) throw new Error(`no variant ${kind}`)
        const pod = podOf(`${kind}-${String(round)}-${String(at)}`, node.name, variant)
        made.set(await node.client.create(pods, pod), variant)
      }
      await dieSometimes(perRound / 2)
      for (const [{ metadata }, variant] of made) {
        let wrong: string[] = []
        await until(`${metadata.name ?? ''} to be right`, async () => {
          wrong = wrongIn(await node.client.get(pods, metadata.name ?? '', { namespace }), variant)
          if (wrong.length > 0) throw new Error(wrong.join('; '))
          return true
        })
      }
      await startedOnce(made)

      // one that is away while its Pods are evicted, or deleted by force, ends them when it is back
      const away = next() < 0.3
      if (away) await node.kill()
      for (const { metadata } of made.keys()) {
        const force = next() < 0.2 ? { gracePeriodSeconds: 0 } : {}
        await node.client.delete(pods, metadata.name ?? '', { namespace, ...force })
      }
      if (away) node.start()
      await dieSometimes(perRound / 2)
      await until('the Pods to be gone', async () => {
        const { items } = await node.client.list(pods, { namespace })
        if (items.length > 0) throw new Error(items.map(({ metadata }) => metadata.name).join(' '))
        return true
      })
      await until('nothing of them to be left', async () => {
        const left = [...(await node.containers()), ...(await node.leftovers())]
        if (left.length > 0) throw new Error(left.join('\n'))
        return true
      })
      // the next round pulls it again
      await run('docker', ['rmi', registry.image])
      expect(ranTwice(seen())).toEqual([])
      await startedOnce(made)
      for (const [{ metadata }, variant] of made) {
        if (variant !== all['deaf']) continue
        // Docker's own times: a second grace would be at least as long as the first
        expect(secondsToEnd(seen(), metadata.uid ?? '', 'main')).toBeLessThan(deafSeconds * 1.6)
      }
      const inspected = await run('docker', ['inspect', '--format', '{{.State.Running}} {{.RestartCount}}', foreign])
      expect(inspected.stdout.trim()).toBe('true 0')
    },
  )
})
