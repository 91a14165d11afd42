import path from 'node:path'
import { Registry } from 'prom-client'
import { nodes } from '@kubets/shared/api/resources.gen.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { enforceReserved } from './cgroups/enforcement.ts'
import { openCgroups } from './cgroups/open.ts'
import type { Configured } from './config/configured.ts'
import { gateMetrics, gateWarnings } from './config/feature-gates.ts'
import { openContainerManager, type ContainerManager } from './container-manager.ts'
import { openKeyring } from './credential-provider/keyring.ts'
import { providerMetrics } from './credential-provider/metrics.ts'
import { reservedMilli } from './cpus/reserve.ts'
import { readTopology } from './cpus/topology.ts'
import { csiPluginType } from './csi/drivers.ts'
import { openDependencies, type Dependencies } from './dependencies.ts'
import { devicePluginType } from './devices/manager.ts'
import { draPluginType } from './dra/drivers.ts'
import { PulledImages } from './images/pulled-images.ts'
import { ImagePuller } from './images/puller.ts'
import { verificationOf } from './images/verification.ts'
import { listen } from './listen.ts'
import { reclaimMetrics } from './metrics.ts'
import { keepLease } from './node/lease.ts'
import { NodeRegistration } from './node/registration.ts'
import { nodeShares } from './node/shares.ts'
import { initialNode } from './node/status.ts'
import type { Options } from './options.ts'
import type { PluginHandler, PluginHandlers } from './plugins/handler.ts'
import { PluginManager } from './plugins/manager.ts'
import { Allocations } from './pods/allocations.ts'
import { appArmorEnabled } from './pods/app-armor.ts'
import type { PodDeps } from './pods/deps.ts'
import { PodManager } from './pods/manager.ts'
import { podMetrics } from './pods/metrics.ts'
import { sysctlAllowlist } from './pods/sysctls.ts'
import { ProbeManager } from './probes/manager.ts'
import { probeMetrics } from './probes/metrics.ts'
import { staticSources } from './static/sources.ts'
import { volumeMetrics } from './stats/metrics.ts'
import { openStorage, type Storage } from './storage.ts'
import { nodeUpkeep, type Upkeep } from './upkeep.ts'
import type { TokenCache } from './volumes/tokens.ts'

/**
 * Runs the node agent until the signal aborts: without a kubeconfig for static Pods alone. Rejects when it cannot begin.
 *
 * The parts are made one after the other, each from those before it, and none of them runs yet (1 to 8); then the kubelet
 * can be asked (9), and at last everything runs (10).
 */
// pkg/kubelet/kubelet.go NewMainKubelet, Run
export async function runKubelet(configured: Configured, signal: AbortSignal): Promise<void> {
  const { options, configuration } = configured
  const { nodeName, rootDir } = options
  const log = createLogger('kubelet')
  tellOfSettings(configured, log)
  const sysctls = sysctlAllowlist(options.allowedUnsafeSysctls)
  // parts ask each other while they work: what is made later is asked for when it is needed
  const later = { pods: () => manager, nodeChanged: () => registration.poke() }

  // 1. What all parts work with: the machine, the API server, the runtime
  const base = await openDependencies(options, log, signal)
  const { machine, client, recorder, node, informers, runtime, network, registry, clock } = base
  gateMetrics(registry)
  const reclaimed = reclaimMetrics(registry)

  // 2. What of the machine is for Pods
  const { capacity, reservation, allocatable, share, cgroups, cpus } = await shareMachine(options, base)

  // 3. Which container has what of that: cgroups, CPUs, devices
  const containers = await openContainerManager({ ...base, ...later, nodeName, rootDir, cgroups, cpus })

  // 4. Volumes
  const storage = await openStorage({ ...base, ...later, nodeName, rootDir, allocatable })
  const { volumes, volumeSources } = storage

  // 5. Images, and the credentials for them
  const images = await openImages(options, base, volumes.tokens)

  // 6. The Pods of the node: a worker for each, and the probes of their containers
  const probeRegistry = new Registry()
  const metrics = probeMetrics(probeRegistry)
  const probes = new ProbeManager({ runtime, recorder, clock, metrics, changed: (uid) => manager.poke(uid) })
  const deps: PodDeps = {
    ...base,
    ...containers,
    ...images,
    volumes,
    volumeSources,
    probes,
    metrics: { ...reclaimed, ...podMetrics(registry, nodeName) },
    allocations: new Allocations((uid) => volumes.podDir(uid)),
    dns: { clusterDns: options.clusterDns, clusterDomain: options.clusterDomain },
    node: {
      name: nodeName,
      ips: base.ips,
      allocatable,
      memoryBytes: machine.memoryBytes,
      seccompDir: path.join(rootDir, 'seccomp'),
      maxContainerRestartMs: options.maxContainerRestartMs,
      sysctls,
      appArmor: await appArmorEnabled(),
    },
  }
  const fresh = initialNode(nodeName, machine.info.architecture, { capacity, allocatable }, [])
  const manager: PodManager = new PodManager(deps, client, informers.pods, {
    known: () => informers.node.lister.get(nodeName) ?? fresh,
    fetch: () => client.get(nodes, nodeName, { signal }),
    pressure: () => upkeep.evictions.conditions,
    shuttingDown: () => upkeep.shutdown.shuttingDown,
  })

  // 7. The Node object
  const registration: NodeRegistration = new NodeRegistration({
    ...base,
    client: base.heartbeat,
    name: nodeName,
    port: options.port,
    maxPods: options.maxPods,
    reservation,
    devices: () => containers.devices.capacity(),
    taints: options.registerWithTaints,
    staticCpus: options.cpuManager.policy === 'static',
    pressure: () => upkeep.evictions.conditions,
    volumesInUse: (before) => storage.attached.inUse(before),
    shuttingDown: () => upkeep.shutdown.shuttingDown,
    networkProblem: () => network.problem,
    storageProblem: () => storage.nodeInfo.problem,
    podCidr: (cidr) => network.setUp(cidr, signal),
  })

  // 8. What keeps the node in order around its Pods
  const upkeep: Upkeep = nodeUpkeep({
    options,
    machine,
    share,
    deps,
    pods: manager,
    pulled: images.pulled,
    registry,
    reclaimed,
    node,
    changed: later.nodeChanged,
  })

  // 9. Whoever asks something is answered: device plugins, agents on the node, the API server
  await containers.devices.start()
  await listen({
    ...base,
    options,
    configuration,
    pods: manager,
    containers,
    // upstream's log check is about its own log files
    checks: { ping: () => undefined, log: () => undefined, syncloop: () => manager.stuck() },
    probeMetrics: () => probeRegistry.metrics(),
    metrics: async () => {
      const pods = manager.list().map((pod) => ({ pod, sizes: upkeep.sizes.of(pod.metadata.uid ?? '') }))
      return (await registry.metrics()) + volumeMetrics(pods)
    },
    usage: () => upkeep.stats.collect(signal),
    signal,
  })
  if (options.podCidr !== undefined) await network.setUp(options.podCidr, signal)

  // 10. Everything runs
  await work(options, base, { containers, storage, manager, registration, upkeep })
  probes.stop()
}

function tellOfSettings({ options, warnings }: Configured, log: Logger): void {
  for (const error of warnings) log.warn({ error }, 'Using lenient decoding as strict decoding failed')
  for (const text of gateWarnings(options.featureGates)) log.warn(text)
  if (options.kubeconfig === undefined) log.info('Standalone mode, no API client')
}

/** Says what of the machine is for Pods, and holds the rest of it to what is left. Rejects when that cannot be. */
async function shareMachine(options: Options, { machine, recorder, node, clock, log }: Dependencies) {
  const topology = await readTopology()
  const shares = nodeShares(options, machine, topology)
  const { share, forSystem } = shares
  const tree = await openCgroups(options.cgroupsPerQos, clock, log)
  await enforceReserved(options, tree, recorder, node)
  const pageSizes = Object.keys(machine.hugePages)
  return {
    ...shares,
    cgroups: { tree, root: options.cgroupRoot, share, podPidsLimit: options.podMaxPids, pageSizes },
    cpus: {
      ...options.cpuManager,
      topology,
      reservedMilli: reservedMilli(forSystem),
      reserved: forSystem.named,
    },
  }
}

/** Goes on with what an earlier kubelet has pulled. Rejects when the configuration of credentials is wrong. */
async function openImages(options: Options, base: Dependencies, tokens: TokenCache) {
  const { registry, runtime, clock, log, lifetime } = base
  const { rootDir, credentialProviders } = options
  const metrics = providerMetrics(registry)
  const keyring = await openKeyring({ ...base, ...credentialProviders, rootDir, tokens, metrics })
  const { policy, allowlist } = options.imageVerification
  const pulled = new PulledImages({ rootDir, verification: verificationOf(policy, allowlist), clock, log })
  await pulled.open(() => runtime.listImages(lifetime))
  return { keyring, pulled, puller: new ImagePuller(runtime, pulled, options.pullsAtOnce) }
}

interface Parts {
  containers: ContainerManager
  storage: Storage
  manager: PodManager
  registration: NodeRegistration
  upkeep: Upkeep
}

/** Lets all parts run until the kubelet ends; static Pods wait for nobody. */
// pkg/kubelet/kubelet.go Run
async function work(options: Options, base: Dependencies, parts: Parts): Promise<void> {
  const { nodeName, rootDir, kubeconfig } = options
  const { client, informers, clock, log, lifetime: signal } = base
  const { containers, storage, manager, registration, upkeep } = parts
  const standalone = kubeconfig === undefined

  const sources = staticSources(options, { clock, log, signal }, (source, found) => manager.setStatic(source, found))
  const follow = async (): Promise<void> => {
    if (standalone) return
    await informers.start(signal)
    log.info({ node: nodeName }, 'kubelet runs')
  }
  const known = follow().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  // by the type that plugins say they have (pluginregistration/v1)
  const handlers: PluginHandlers = new Map<string, PluginHandler>([
    [csiPluginType, storage.drivers],
    [devicePluginType, containers.devices.handler],
    // no static Pod has claims
    ...(standalone ? [] : [[draPluginType, containers.dra.handler] as const]),
  ])
  const plugins = new PluginManager({ folder: path.join(rootDir, 'plugins_registry'), handlers, clock, log })
  const node = () => client.get(nodes, nodeName, { signal }).catch(() => undefined)

  await Promise.all([
    ...(standalone
      ? []
      : [
          registration.run(signal),
          keepLease({ client: base.heartbeat, clock, log, nodeName, node }, signal),
          storage.nodeInfo.keep(log, signal),
          containers.dra.run(),
        ]),
    upkeep.sizes.run(signal),
    containers.cpus.run(signal),
    sources.run(),
    plugins.run(signal),
    storage.csi.staged.run(signal),
    upkeep.shutdown.run(signal),
    manager.run(known, sources.seen, !standalone),
    // what is unused is known when all Pods are
    Promise.all([known, sources.seen]).then(() =>
      Promise.all([upkeep.garbage.run(signal), upkeep.evictions.run(signal)]),
    ),
  ])
}
