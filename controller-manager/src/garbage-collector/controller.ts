import type { Controller, ControllerContext, Run } from '../context.ts'
import { discover } from '../discovery/discover.ts'
import { preferred } from '../discovery/resources.ts'
import { runLoop } from '../run-loop.ts'
import { Collector } from './collect.ts'
import { OwnerGraph } from './graph.ts'
import type { Work } from './graph.ts'
import { KindMap } from './kinds.ts'
import { Monitors } from './monitors.ts'

const name = 'garbage-collector-controller'
const workers = 20
// pkg/controller/garbagecollector: how often new resources are looked for, and how long the first sync may take.
const discoveryPeriodMs = 30_000
const firstSyncMs = 30_000

const start = (context: ControllerContext): Run => {
  const { client, clock, log } = context
  const graph = new OwnerGraph()
  const kinds = new KindMap()
  const checks = context.queue(name)
  const orphans = context.queue(`${name}-orphan`)

  const take = ({ check, orphan }: Work): void => {
    for (const uid of check) checks.add(uid)
    for (const uid of orphan) orphans.add(uid)
  }
  const monitors = new Monitors(context, {
    put: (object, ref) => take(graph.put(object, ref)),
    remove: (uid) => take(graph.remove(uid)),
  })
  const collector = new Collector({
    client,
    kinds,
    log,
    gone: (uid) => take(graph.remove(uid)),
    check: (uid) => checks.add(uid),
  })

  const refresh = async (signal: AbortSignal): Promise<void> => {
    const { resources, failures } = await discover(client, signal)
    kinds.replace(resources)
    const unknown = new Set(failures.map(({ groupVersion }) => groupVersion))
    await monitors.follow(preferred(resources), unknown, signal)
  }

  // Without the whole graph a foreground deletion would end too early, so the workers wait for it, but not for ever:
  // one broken resource must not stop all collection.
  const waitForGraph = async (signal: AbortSignal): Promise<void> => {
    let cancel: () => void = () => undefined
    const limit = new Promise<void>((resolve) => {
      cancel = clock.timer(firstSyncMs, () => {
        log.warn({ controller: name }, 'not all resources have synced, going on without')
        resolve()
      })
    })
    try {
      await Promise.race([refreshUntilDone(signal), limit])
    } finally {
      cancel()
    }
  }

  const refreshUntilDone = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        return await refresh(signal)
      } catch (error) {
        if (signal.aborted) return
        log.error({ controller: name, err: error }, 'discovery failed, trying again')
        await clock.sleep(1000, signal).catch(() => undefined)
      }
    }
  }

  const keepRefreshing = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await clock.sleep(discoveryPeriodMs, signal)
        await Promise.race([refresh(signal), clock.sleep(discoveryPeriodMs, signal)])
      } catch (error) {
        if (!signal.aborted) log.error({ controller: name, err: error }, 'discovery failed, trying again')
      }
    }
  }

  const collect = runLoop(context, {
    name,
    queue: checks,
    workers,
    reconcile: async (uid, signal) => {
      const node = graph.get(uid)
      if (node) await collector.collect(node, signal)
    },
  })
  const letGo = runLoop(context, {
    name: `${name}-orphan`,
    queue: orphans,
    workers,
    reconcile: async (uid, signal) => {
      const node = graph.get(uid)
      if (node?.orphaning) await collector.orphan(node, signal)
    },
  })

  return async (signal) => {
    await waitForGraph(signal)
    await Promise.all([collect(signal), letGo(signal), keepRefreshing(signal)])
  }
}

// pkg/controller/garbagecollector/garbagecollector.go
export const garbageCollectorController: Controller = { name, start }
