import path from 'node:path'
import { events } from '@kubets/shared/api/resources.gen.ts'
import type { Event } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { nodeReference } from '../events.ts'
import { GarbageCollector } from '../garbage.ts'
import type { TestNode } from '../pods/node.testing.ts'
import { StatsCollector } from '../stats/collector.ts'
import { SizeTracker } from '../stats/sizes.ts'
import { EvictionManager, type EvictionOptions } from './manager.ts'
import { parseThresholds } from './thresholds.ts'

export const transitionMs = 300_000
const nothing: EvictionOptions['garbage'] = {
  deleteUnusedContainers: () => Promise.resolve(),
  deleteUnusedImages: () => Promise.resolve(),
}

/** For tests: what measures a node and ends Pods while it is short of something. */
export function evictionsOf(node: TestNode) {
  const { runtime, manager, volumes, rootDir, recorder, clock } = node
  const pods = () => manager.list()
  const sizes = new SizeTracker({
    runtime,
    clock,
    log,
    volumePeriodMs: 200,
    pods,
    volumesOf: (pod) => volumes.measured(pod),
    hostsFile: (uid) => path.join(volumes.podDir(uid), 'etc-hosts'),
  })
  const memory = { memoryBytes: 2 ** 34, memoryForPodsBytes: 2 ** 34 }
  const stats = new StatsCollector({ nodeName: 'n', rootDir, ...memory, cpus: 2, runtime, sizes, clock, pods })
  const counted: string[] = []
  const evicted: string[] = []
  return {
    sizes,
    /** The signals for which Pods had to go, one each. */
    counted,
    /** The names of these Pods, in their order. */
    evicted,
    manager(
      hard: Record<string, string>,
      given: Partial<Pick<EvictionOptions, 'garbage'>> & { cleanedUp?: EvictionOptions['pods']['cleanedUp'] } = {},
    ): EvictionManager {
      const evictions: EvictionManager = new EvictionManager({
        policy: {
          thresholds: parseThresholds({ hard, soft: {}, softGracePeriod: {}, minimumReclaim: {} }),
          maxPodGraceSeconds: 0,
          transitionMs,
        },
        stats,
        sizes,
        pods: {
          active: () => manager.active(),
          evict: (uid, why, graceSeconds) => {
            evicted.push(pods().find(({ metadata }) => metadata.uid === uid)?.metadata.name ?? uid)
            return manager.evict(uid, why, graceSeconds)
          },
          cleanedUp: given.cleanedUp ?? ((uid) => volumes.isTornDown(uid)),
        },
        garbage: given.garbage ?? nothing,
        recorder,
        node: nodeReference('n'),
        clock,
        log,
        counted: (signal) => counted.push(signal),
        changed: () => node.pressure.splice(0, Infinity, ...evictions.conditions),
      })
      return evictions
    },
    /** Waits for an event about the object; the node is called n. */
    eventOf: (name: string, reason = 'Evicted'): Promise<Event> =>
      waitFor(async () => {
        const { items } = await node.client.list(events, { namespace: 'default' })
        return items.find((one) => one.involvedObject.name === name && one.reason === reason)
      }, `event ${reason} of ${name}`),
  }
}

/** For tests: removes what is not used, however young it is, from a disk that is said to be full. */
export function garbageOf(
  { runtime, recorder, clock, manager }: Pick<TestNode, 'runtime' | 'recorder' | 'clock' | 'manager'>,
  imageCollected: () => void = () => undefined,
): GarbageCollector {
  return new GarbageCollector({
    runtime,
    recorder,
    clock,
    log,
    node: nodeReference('n'),
    pods: () => manager.list(),
    imageDisk: () => Promise.resolve({ capacityBytes: 1, availableBytes: 0 }),
    images: { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 },
    containers: { minAgeMs: 0, maxPerContainer: 1, maxContainers: -1 },
    imageCollected,
    imagesLeft: () => Promise.resolve(),
  })
}
