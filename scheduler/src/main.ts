import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { podDisruptionBudgets, pods } from '@kubets/shared/api/resources.gen.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { EventRecorder } from '@kubets/shared/client/events.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { runLeaderElected } from '@kubets/shared/client/leader-election.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { fineTime, realClock as clock } from '@kubets/shared/process/clock.ts'
import { serveHealth } from '@kubets/shared/process/health.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { Cache } from './cache/cache.ts'
import { buildProfiles } from './config/build-profile.ts'
import { defaultConfig, readConfig } from './config/read.ts'
import { labelOf } from './framework/events.ts'
import { HTTPExtender } from './extenders/http-extender.ts'
import { ClaimBinder } from './dynamic-resources/binder.ts'
import { addResourceHandlers, resourceObjects } from './dynamic-resources/informers.ts'
import { TrackedClaims } from './dynamic-resources/tracked-claims.ts'
import { addHandlers } from './handlers.ts'
import { SchedulerMetrics } from './metrics.ts'
import { readOptions } from './options.ts'
import { defaultBinder } from './plugins/default-binder.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { pluginRegistry } from './plugins/registry.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts'
import { volumeBinding } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'
import { volumeZone } from './plugins/volume-zone.ts'
import { dynamicResources } from './plugins/dynamic-resources.ts'
import { ApiEvictor } from './preemption/evictor.ts'
import { SchedulingQueue } from './queue/queue.ts'
import { apiReporter, type RecordEvent } from './reporter.ts'
import { Scheduler } from './scheduler.ts'
import { AssumedVolumes } from './volumes/assumed.ts'
import { VolumeBinder } from './volumes/binder.ts'
import { addVolumeHandlers, volumeObjects } from './volumes/informers.ts'
import { siblingSelector } from './siblings.ts'

await runMain('kube-scheduler', async (signal) => {
  const options = readOptions(process.argv.slice(2))
  const log = createLogger('kube-scheduler', { level: options.logLevel })
  const config = options.config ? readConfig(await readFile(options.config, 'utf8')) : defaultConfig()
  const kubeconfig = config.kubeconfig ?? options.kubeconfig
  const client = new Client({ ...loadKubeconfig(kubeconfig), userAgent: 'kube-scheduler' }, { clock })
  const informers = new InformerFactory(client, { clock, log })
  const podLister = informers.informer(pods).lister
  const budgetLister = informers.informer(podDisruptionBudgets).lister
  const recorders = new Map(
    config.profiles.map(({ schedulerName: component }) => [
      component,
      new EventRecorder({ client, clock, log, component }),
    ]),
  )
  const record: RecordEvent = (about, type, reason, message, by = about) =>
    recorders.get(by.spec.schedulerName ?? '')?.event(about, type, reason, message)
  const evictor = new ApiEvictor({ client, record, clock, log, podByKey: (key) => podLister.byKey(key) })
  const volumes = volumeObjects(informers)
  const assumedVolumes = new AssumedVolumes(volumes)
  const volumeBinder = new VolumeBinder({
    client,
    clock,
    objects: assumedVolumes,
    podExists: (key) => podLister.byKey(key) !== undefined,
    nodeLabels: (name) => cache.node(name)?.labels,
  })
  const resources = resourceObjects(informers)
  const trackedClaims = new TrackedClaims((key) => resources.claim(key))
  const registry = pluginRegistry({
    binder: defaultBinder(client),
    preemption: (args) =>
      defaultPreemption({
        budgets: () => budgetLister.list(),
        isEvicting: (uid) => evictor.isEvicting(uid),
        now: () => clock.now(),
        random: Math.random,
        ...args,
      }),
    volumeRestrictions: volumeRestrictions(volumes),
    nodeVolumeLimits: nodeVolumeLimits(volumes),
    volumeBinding: (args) => volumeBinding(assumedVolumes, volumeBinder, args),
    volumeZone: volumeZone(volumes),
    dynamicResources: (args) =>
      dynamicResources(
        {
          objects: resources,
          claims: trackedClaims,
          binder: new ClaimBinder({ client, clock, log }),
          clock,
          waits: (pod, node) =>
            record(
              pod,
              'Normal',
              'BindingConditionsPending',
              `waiting for binding conditions for device on node ${node}`,
            ),
          newShareID: randomUUID,
        },
        args,
      ),
  })
  const profiles = buildProfiles(config.profiles, registry)
  const extenders = config.extenders.map((extender) => new HTTPExtender(extender, clock))
  const cache = new Cache(siblingSelector(informers))
  const register = createRegistry()
  const metrics = new SchedulerMetrics({ register, cache, queue: () => queue, elapsed: fineTime, random: Math.random })
  const queue: SchedulingQueue = new SchedulingQueue({
    clock,
    profiles,
    observer: metrics,
    initialBackoffMs: config.podInitialBackoffSeconds * 1000,
    maxBackoffMs: config.podMaxBackoffSeconds * 1000,
  })
  const { handling } = metrics
  addHandlers({ informers, cache, queue, schedulerNames: profiles, handling })
  addResourceHandlers(informers, trackedClaims, (makeEvent) =>
    handling(labelOf(makeEvent()), () => queue.move(makeEvent)),
  )
  addVolumeHandlers(informers, (makeEvent) =>
    handling(labelOf(makeEvent()), () => {
      volumeBinder.changed()
      queue.move(makeEvent)
    }),
  )
  informers.informer(pods).addHandler({ delete: () => volumeBinder.changed() })

  let synced = false
  const checks = { ping: () => undefined }
  const readyChecks = { 'sched-handler-sync': () => (synced ? undefined : 'handlers are not fully synchronized') }
  const { bindAddress: host, port } = options
  await serveHealth({ host, port, log, checks, readyChecks, metrics: () => register.metrics() }, signal)

  // caches are kept before leading too, so that a change of leaders costs no time
  informers.start(signal)
  await informers.waitForSync(signal)
  synced = true

  const work = async (leading: AbortSignal): Promise<void> => {
    const scheduler = new Scheduler({
      queue,
      cache,
      profiles,
      extenders,
      metrics,
      clock,
      log,
      evictor,
      report: apiReporter({ client, record, clock, log, signal: leading }),
      isPending: ({ pod, uid }) => {
        const known = podLister.byKey(objectKey(pod))
        return known !== undefined && known.metadata.uid === uid && !known.spec.nodeName
      },
      random: Math.random,
      percentageOfNodesToScore: options.percentageOfNodesToScore || config.percentageOfNodesToScore,
    })
    log.info({ nodes: cache.nodes.length }, 'scheduling')
    await scheduler.run(leading)
    await Promise.all([...recorders.values()].map((recorder) => recorder.flush()))
  }
  if (!options.leaderElect || !config.leaderElect) return work(signal)
  const identity = `${hostname()}_${randomUUID()}`
  const election = { client, clock, log, name: 'kube-scheduler', identity, ...options.election }
  return runLeaderElected({ ...election, onLeading: work }, signal)
})
