import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { persistentVolumeClaims, persistentVolumes, pods } from '@kubets/shared/api/resources.gen.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { seededRandom } from '@kubets/shared/testing/generate.ts'
import { listed } from '@kubets/shared/testing/quiet.ts'
import { Cycle, guarded, indexed, makeClasses, plain, web } from './control-plane/cycle.ts'
import { startHollowNodes } from './control-plane/nodes.ts'
import { Replicas } from './control-plane/replicas.ts'
import { Witness } from './control-plane/witness.ts'

const kills = Number(process.env.KUBETS_KILLS ?? '200')
const seed = Number(process.env.KUBETS_SEED ?? String(Date.now() % 1_000_000))

/**
 * How long one leads: mostly not for long after it began, when it knows least, and now and then long enough that lives
 * come to their end.
 */
const lifeMs = (random: () => number): number => random() ** 2 * 20_000

/** Two controller-managers and two schedulers; whichever leads dies again and again, at random moments. */
describe('the control plane under kill -9', () => {
  const random = seededRandom(seed)
  const most = new Map<string, number>()
  const least = new Map<string, number>()
  const witness = new Witness({ most, least })
  const stopping = new AbortController()
  let apiserver: Awaited<ReturnType<typeof startApiServer>>
  let nodes: Awaited<ReturnType<typeof startHollowNodes>>
  let programs: Replicas[] = []

  beforeAll(async () => {
    apiserver = await startApiServer()
    const { client } = apiserver
    const manager = `--kubeconfig=${await apiserver.kubeconfig('system:kube-controller-manager')}`
    const scheduler = `--kubeconfig=${await apiserver.kubeconfig('system:kube-scheduler')}`
    programs = [
      new Replicas('controller-manager', [manager], '"controllers started"'),
      new Replicas('scheduler', [scheduler], '"scheduling"'),
    ]
    await Promise.all(programs.map((program) => program.leader()))
    nodes = await startHollowNodes(client, 3, seededRandom(seed + 1))
    await makeClasses(client)
    const informers = new InformerFactory(client, { clock, log })
    informers.informer(pods).addHandler({
      add: (pod) => witness.pod(pod),
      update: (_, pod) => witness.pod(pod),
      delete: (pod) => witness.podGone(pod),
    })
    informers.informer(persistentVolumeClaims).addHandler({
      add: (claim) => witness.claim(claim),
      update: (_, claim) => witness.claim(claim),
    })
    informers.informer(persistentVolumes).addHandler({
      add: (volume) => witness.volume(volume),
      update: (_, volume) => witness.volume(volume),
    })
    informers.start(stopping.signal)
    await informers.waitForSync(stopping.signal)
  })
  afterAll(async () => {
    stopping.abort()
    await nodes.stop()
    await Promise.all(programs.map((program) => program.stop()))
    await apiserver.stop()
  })

  const live = async (number: number): Promise<void> => {
    const cycle = new Cycle(apiserver.client, number, random)
    const of = (app: string): string => `${cycle.namespace}/${app}`
    most.set(of('web'), web).set(of('indexed'), indexed.parallelism).set(of('plain'), plain.parallelism)
    least.set(of('steady'), guarded.minAvailable)
    await cycle.declare()
    await cycle.disturb()
    await cycle.settle()
    least.delete(of('steady'))
    const last = indexed.completions - 1
    const counts = {
      web,
      steady: guarded.replicas,
      db: 3,
      sets: 2,
      completed: `0-${String(last)}`,
      succeeded: plain.completions,
    }
    expect(await cycle.count()).toEqual(counts)
    expect(witness.succeeded(of('indexed'))).toEqual(Array.from({ length: last + 1 }, (_, i) => String(i)))
    expect(witness.succeeded(of('plain'))).toHaveLength(plain.completions)
    await cycle.remove()
  }

  /** Everything of any kind that is still in a cycle’s namespace. */
  const leftBehind = async (): Promise<string[]> => {
    const { client } = apiserver
    const found: string[] = []
    for (const ref of await listed(client)) {
      if (!ref.namespaced) continue
      const { items } = await client.list(ref, { metadataOnly: true })
      const own = items.filter(({ metadata }) => metadata.namespace?.startsWith('cycle-'))
      found.push(...own.map(({ metadata }) => `${ref.plural} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`))
    }
    return found
  }

  it(
    `${String(kills)} kills (seed ${String(seed)}): nothing twice, nothing too much, nothing left`,
    async () => {
      let killed = 0
      // each at its own moments, so that now and then nobody leads at all
      const kill = async (program: Replicas): Promise<void> => {
        for (let times = 0; times < kills / programs.length; times++) {
          await sleep(lifeMs(random)) // the random moment is the test
          await program.killLeader()
          killed += 1
          if (killed % 10 === 0) process.stdout.write(`${String(killed)} kills\n`)
        }
      }
      const lives = async (): Promise<void> => {
        for (let number = 1; killed < kills; number++) {
          await live(number)
          process.stdout.write(`cycle ${String(number)} is over\n`)
          expect(witness.problems).toEqual([])
        }
      }
      await Promise.all([...programs.map(kill), lives()])
      expect(witness.problems).toEqual([])
      expect(await leftBehind()).toEqual([])
    },
    60 * 60_000,
  )
})
