import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { podDisruptionBudgets, pods } from '@kubets/shared/api/resources.gen.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { EventRecorder } from '@kubets/shared/client/events.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { runLeaderElected } from '@kubets/shared/client/leader-election.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { serveHealth } from '@kubets/shared/process/health.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { Cache } from './cache/cache.ts'
import { addHandlers } from './handlers.ts'
import { SchedulerMetrics } from './metrics.ts'
import { readOptions } from './options.ts'
import { defaultBinder } from './plugins/default-binder.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { defaultProfile } from './plugins/default-profile.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts'
import { volumeBinding } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'
import { volumeZone } from './plugins/volume-zone.ts'
import { ApiEvictor } from './preemption/evictor.ts'
import { SchedulingQueue } from './queue/queue.ts'
import { apiReporter } from './reporter.ts'
import { Scheduler } from './scheduler.ts'
import { AssumedVolumes } from './volumes/assumed.ts'
import { VolumeBinder } from './volumes/binder.ts'
import { addVolumeHandlers, volumeObjects } from './volumes/informers.ts'
import { siblingSelector } from './siblings.ts'

const schedulerName = 'default-scheduler'

await runMain('kube-scheduler', async (signal) => {
  const options = readOptions(process.argv.slice(2))
  const log = createLogger('kube-scheduler', { level: options.logLevel })
  const client = new Client({ ...loadKubeconfig(options.kubeconfig), userAgent: 'kube-scheduler' }, { clock })
  const informers = new InformerFactory(client, { clock, log })
  const recorder = new EventRecorder({ client, clock, log, component: schedulerName })
  const podLister = informers.informer(pods).lister
  const budgetLister = informers.informer(podDisruptionBudgets).lister
  const evictor = new ApiEvictor({ client, recorder, clock, log, podByKey: (key) => podLister.byKey(key) })
  const preemption = defaultPreemption({
    budgets: () => budgetLister.list(),
    isEvicting: (uid) => evictor.isEvicting(uid),
    now: () => clock.now(),
    random: Math.random,
    minCandidateNodesPercentage: 10,
    minCandidateNodesAbsolute: 100,
  })
  const volumes = volumeObjects(informers)
  const assumedVolumes = new AssumedVolumes(volumes)
  const volumeBinder = new VolumeBinder({
    client,
    clock,
    timeoutMs: 600_000,
    objects: assumedVolumes,
    podExists: (key) => podLister.byKey(key) !== undefined,
    nodeLabels: (name) => cache.node(name)?.labels,
  })
  const plugins = defaultProfile({
    preemption,
    binder: defaultBinder(client),
    volumeRestrictions: volumeRestrictions(volumes),
    nodeVolumeLimits: nodeVolumeLimits(volumes),
    volumeBinding: volumeBinding(assumedVolumes, volumeBinder),
    volumeZone: volumeZone(volumes),
  })
  const cache = new Cache(siblingSelector(informers))
  const queue = new SchedulingQueue({ clock, plugins: plugins.map(({ plugin }) => plugin) })
  addHandlers({ informers, cache, queue, schedulerName })
  addVolumeHandlers(informers, (makeEvent) => {
    volumeBinder.changed()
    queue.move(makeEvent)
  })
  informers.informer(pods).addHandler({ delete: () => volumeBinder.changed() })
  const register = createRegistry()
  const metrics = new SchedulerMetrics(register, queue, cache)

  let synced = false
  const checks = { 'sched-handler-sync': () => (synced ? undefined : 'the caches are not complete yet') }
  const { bindAddress: host, port } = options
  await serveHealth({ host, port, log, checks, metrics: () => register.metrics() }, signal)

  // caches are kept before leading too, so that a change of leaders costs no time
  informers.start(signal)
  await informers.waitForSync(signal)
  synced = true

  const work = async (leading: AbortSignal): Promise<void> => {
    const scheduler = new Scheduler({
      queue,
      cache,
      plugins,
      metrics,
      clock,
      log,
      evictor,
      report: apiReporter({ client, recorder, clock, log, signal: leading }),
      isPending: ({ pod, uid }) => {
        const known = podLister.byKey(objectKey(pod))
        return known !== undefined && known.metadata.uid === uid && !known.spec.nodeName
      },
      random: Math.random,
      percentageOfNodesToScore: options.percentageOfNodesToScore,
    })
    log.info({ nodes: cache.nodes.length }, 'scheduling')
    await scheduler.run(leading)
    await recorder.flush()
  }
  if (!options.leaderElect) return work(signal)
  const identity = `${hostname()}_${randomUUID()}`
  return runLeaderElected({ client, clock, log, name: 'kube-scheduler', identity, onLeading: work }, signal)
})
