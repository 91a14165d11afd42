import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Registry } from 'prom-client'
import { csiDrivers, nodes, pods, services } from '@kubets/shared/api/resources.gen.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { EventRecorder } from '@kubets/shared/client/events.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { serveHealth } from '@kubets/shared/process/health.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { ApiObjects } from './api-objects.ts'
import { enforceReserved } from './cgroups/enforcement.ts'
import { openCgroups } from './cgroups/open.ts'
import { PodCgroups } from './cgroups/pods.ts'
import { providerMetrics } from './credential-provider/metrics.ts'
import { openKeyring } from './credential-provider/keyring.ts'
import { sortedCpus } from './cpus/cpuset.ts'
import { CpuManager } from './cpus/manager.ts'
import { reservedMilli } from './cpus/reserve.ts'
import { readTopology } from './cpus/topology.ts'
import { AttachedVolumes } from './csi/attached.ts'
import { keepDriversUpdated } from './csi/driver-updates.ts'
import { CsiDrivers, csiPluginType } from './csi/drivers.ts'
import { NodeInfo } from './csi/node-info.ts'
import { CsiVolumes } from './csi/volumes.ts'
import { DeviceManager, devicePluginType } from './devices/manager.ts'
import { deviceMetrics } from './devices/metrics.ts'
import { draPluginType } from './dra/drivers.ts'
import { DraManager } from './dra/manager.ts'
import { claimsInUse, draMetrics } from './dra/metrics.ts'
import { nodeReference, type Recorder } from './events.ts'
import { PulledImages } from './images/pulled-images.ts'
import { ImagePuller } from './images/puller.ts'
import { verificationOf } from './images/verification.ts'
import { reclaimMetrics } from './metrics.ts'
import { PodNetwork } from './network/network.ts'
import { keepLease } from './node/lease.ts'
import { defaultAddress, mayLowerOomScore, readMachine } from './node/machine.ts'
import { NodeRegistration } from './node/registration.ts'
import { nodeShares } from './node/shares.ts'
import { initialNode } from './node/status.ts'
import type { Configured } from './config/configured.ts'
import { gateMetrics, gateWarnings } from './config/feature-gates.ts'
import type { Options } from './options.ts'
import { Allocations } from './pods/allocations.ts'
import { appArmorEnabled } from './pods/app-armor.ts'
import type { PodDeps } from './pods/deps.ts'
import { servePodResources } from './pod-resources/server.ts'
import { PluginManager } from './plugins/manager.ts'
import type { PluginHandler, PluginHandlers } from './plugins/handler.ts'
import { PodManager } from './pods/manager.ts'
import { podMetrics } from './pods/metrics.ts'
import { sysctlAllowlist } from './pods/sysctls.ts'
import { ProbeManager } from './probes/manager.ts'
import { probeMetrics } from './probes/metrics.ts'
import { createDockerRuntime } from './runtime/docker/index.ts'
import { instrumented } from './runtime/instrumented.ts'
import { startServer, type ServerOptions } from './server/server.ts'
import { staticSources } from './static/sources.ts'
import { volumeMetrics } from './stats/metrics.ts'
import { nodeUpkeep, type Upkeep } from './upkeep.ts'
import { VolumeManager } from './volumes/manager.ts'
import { VolumeSources } from './volumes/sources.ts'

// nobody is asked without a kubeconfig; whoever asks all the same hears this name
const noApiServer = { server: 'http://standalone-mode.invalid' }

/** Runs the node agent until the signal aborts: without a kubeconfig for static Pods alone. Rejects when it cannot begin. */
export async function runKubelet({ options, configuration, warnings }: Configured, signal: AbortSignal): Promise<void> {
  const log = createLogger('kubelet')
  for (const error of warnings) log.warn({ error }, 'Using lenient decoding as strict decoding failed')
  for (const text of gateWarnings(options.featureGates)) log.warn(text)
  const { nodeName, rootDir, kubeconfig } = options
  const standalone = kubeconfig === undefined
  if (standalone) log.info('Standalone mode, no API client')
  const sysctls = sysctlAllowlist(options.allowedUnsafeSysctls)
  await mkdir(rootDir, { recursive: true, mode: 0o750 })
  const address = options.nodeIps.length > 0 ? undefined : await defaultAddress()
  const ips = address === undefined ? options.nodeIps : [address]
  if (ips.length === 0) throw new Error('the machine has no address: give one with --node-ip')
  const machine = await readMachine(rootDir)
  const config = standalone ? noApiServer : loadKubeconfig(kubeconfig)
  const client = new Client({ ...config, userAgent: 'kubelet' }, { clock })
  const recorder: Recorder = standalone
    ? { event: () => undefined }
    : new EventRecorder({ client, clock, log, component: 'kubelet', host: nodeName })
  const negativeOomScores = await mayLowerOomScore()
  if (!negativeOomScores) log.warn('this machine allows no negative oom_score_adj: going on without')
  const registry = createRegistry()
  const docker = createDockerRuntime({
    endpoint: options.endpoint,
    nodeName,
    infraImage: options.infraImage,
    networkName: `kubets-${nodeName}`,
    negativeOomScores,
    logFiles: options.logFiles,
    clock,
    log,
  })
  const runtime = instrumented(docker, registry, clock)
  const network = new PodNetwork({ context: docker.context, clusterCidr: options.clusterCidr, clock, log })

  const podFactory = new InformerFactory(client, { clock, log })
  const podInformer = podFactory.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` })
  const factory = new InformerFactory(client, { clock, log })
  const serviceInformer = factory.informer(services)
  const nodeInformer = factory.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` })
  const objects = new ApiObjects(client, serviceInformer.lister)
  const topology = await readTopology()
  const { capacity, reservation, forSystem, allocatable, share } = nodeShares(options, machine, topology)
  const tree = await openCgroups(options.cgroupsPerQos, clock, log)
  const aboutNode = nodeReference(nodeName)
  await enforceReserved(options, tree, recorder, aboutNode)
  const cgroups = new PodCgroups({
    tree,
    root: options.cgroupRoot,
    runtime,
    share,
    podPidsLimit: options.podMaxPids,
    pageSizes: Object.keys(machine.hugePages),
    pods: () => manager.active(),
    unlimitedCpu: (uid) => cpus.hasExclusive(uid),
    recorder,
    node: aboutNode,
    log,
  })
  const cpus = await CpuManager.open({
    ...options.cpuManager,
    topology,
    reservedMilli: reservedMilli(forSystem),
    reserved: forSystem.named,
    rootDir,
    runtime,
    occupied: () => manager.occupied(),
    clock,
    log,
  })
  gateMetrics(registry)
  const reclaimed = reclaimMetrics(registry)
  const probeRegistry = new Registry()
  const metrics = probeMetrics(probeRegistry)
  const probes = new ProbeManager({ runtime, recorder, clock, metrics, changed: (uid) => manager.poke(uid) })
  const nodeInfo = new NodeInfo(client, clock, nodeName)
  const drivers = new CsiDrivers({ nodeInfo, clock, log })
  const attached = new AttachedVolumes({
    node: () => nodeInformer.lister.get(nodeName),
    changed: () => registration.poke(),
    clock,
  })
  nodeInformer.addHandler({ add: () => attached.nodeChanged(), update: () => attached.nodeChanged() })
  keepDriversUpdated({ drivers, objects: factory.informer(csiDrivers), clock, log, lifetime: signal })
  const csi = new CsiVolumes({ rootDir, nodeName, drivers, objects, attached, recorder, clock, log })
  await csi.staged.load()
  const volumeSources = new VolumeSources({
    client,
    objects,
    clock,
    log,
    lifetime: signal,
    changed: (uid) => manager.refresh(uid),
  })
  const volumes = new VolumeManager({ rootDir, objects: volumeSources.objects, allocatable, csi, clock })
  const keyring = await openKeyring({
    ...options.credentialProviders,
    rootDir,
    objects,
    tokens: volumes.tokens,
    metrics: providerMetrics(registry),
    clock,
    log,
    lifetime: signal,
  })
  const devices = new DeviceManager({
    folder: path.join(rootDir, 'device-plugins'),
    runtime,
    occupied: () => manager.occupied(),
    changed: () => registration.poke(),
    metrics: deviceMetrics(registry),
    clock,
    log,
    lifetime: signal,
  })
  const dra = await DraManager.open({
    rootDir,
    nodeName,
    client,
    isGone: (uid) => manager.isGone(uid),
    metrics: draMetrics(registry),
    clock,
    log,
    lifetime: signal,
  })
  claimsInUse(registry, () => dra.inUse())
  const { policy, allowlist } = options.imageVerification
  const pulled = new PulledImages({ rootDir, verification: verificationOf(policy, allowlist), clock, log })
  await pulled.open(() => runtime.listImages(signal))
  const deps: PodDeps = {
    runtime,
    probes,
    objects,
    recorder,
    metrics: { ...reclaimed, ...podMetrics(registry, nodeName) },
    network,
    clock,
    log,
    lifetime: signal,
    puller: new ImagePuller(runtime, pulled, options.pullsAtOnce),
    pulled,
    keyring,
    volumes,
    volumeSources,
    cgroups,
    cpus,
    devices,
    dra,
    allocations: new Allocations((uid) => volumes.podDir(uid)),
    dns: { clusterDns: options.clusterDns, clusterDomain: options.clusterDomain },
    node: {
      name: nodeName,
      ips,
      allocatable,
      memoryBytes: machine.memoryBytes,
      seccompDir: path.join(rootDir, 'seccomp'),
      maxContainerRestartMs: options.maxContainerRestartMs,
      sysctls,
      appArmor: await appArmorEnabled(),
    },
  }
  const fresh = initialNode(nodeName, machine.info.architecture, { capacity, allocatable }, [])
  const manager: PodManager = new PodManager(deps, client, podInformer, {
    known: () => nodeInformer.lister.get(nodeName) ?? fresh,
    fetch: () => client.get(nodes, nodeName, { signal }),
    pressure: () => upkeep.evictions.conditions,
    shuttingDown: () => upkeep.shutdown.shuttingDown,
  })

  const registration: NodeRegistration = new NodeRegistration({
    client,
    runtime,
    clock,
    log,
    name: nodeName,
    ips,
    port: options.port,
    maxPods: options.maxPods,
    machine,
    reservation,
    devices: () => devices.capacity(),
    taints: options.registerWithTaints,
    staticCpus: options.cpuManager.policy === 'static',
    recorder,
    pressure: () => upkeep.evictions.conditions,
    volumesInUse: (before) => attached.inUse(before),
    shuttingDown: () => upkeep.shutdown.shuttingDown,
    networkProblem: () => network.problem,
    storageProblem: () => nodeInfo.problem,
    podCidr: (cidr) => network.setUp(cidr, signal),
  })
  const upkeep: Upkeep = nodeUpkeep({
    options,
    machine,
    share,
    deps,
    pods: manager,
    pulled,
    registry,
    reclaimed,
    node: aboutNode,
    changed: () => registration.poke(),
  })
  // by the type that plugins say they have (pluginregistration/v1)
  const pluginHandlers: PluginHandlers = new Map<string, PluginHandler>([
    [csiPluginType, drivers],
    [devicePluginType, devices.handler],
    // no static Pod has claims
    ...(standalone ? [] : [[draPluginType, dra.handler] as const]),
  ])
  const plugins = new PluginManager({
    folder: path.join(rootDir, 'plugins_registry'),
    handlers: pluginHandlers,
    clock,
    log,
  })
  const telling = {
    configuration,
    // upstream's log check is about its own log files
    checks: { ping: () => undefined, log: () => undefined, syncloop: () => manager.stuck() },
    probeMetrics: () => probeRegistry.metrics(),
    metrics: async () => {
      const pods = manager.list().map((pod) => ({ pod, sizes: upkeep.sizes.of(pod.metadata.uid ?? '') }))
      return (await registry.metrics()) + volumeMetrics(pods)
    },
    usage: () => upkeep.stats.collect(signal),
  }
  await devices.start()
  const alone = {
    pods: () => manager.active(),
    devices: (uid: string, container: string) => devices.assigned(uid, container),
    allocatableDevices: () => devices.allocatable(),
    cpus: (uid: string, container: string) => sortedCpus(cpus.exclusive(uid, container)),
    allocatableCpus: () => sortedCpus(cpus.allocatable()),
  }
  await servePodResources(rootDir, alone, signal).catch((error: unknown) => {
    log.error({ error: (error as Error).message }, 'what Pods have alone cannot be told here')
  })
  await serve(options, client, deps, manager, telling, log, signal)
  if (options.podCidr !== undefined) await network.setUp(options.podCidr, signal)
  // containers are told of the Services there are, so these come first; static Pods wait for nobody
  const synced = async (): Promise<void> => {
    if (standalone) return
    factory.start(signal)
    await factory.waitForSync(signal)
    podFactory.start(signal)
    await podFactory.waitForSync(signal)
    log.info({ node: nodeName }, 'kubelet runs')
  }
  const sources = staticSources(options, { clock, log, signal }, (source, found) => manager.setStatic(source, found))
  const known = synced().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  const node = () => client.get(nodes, nodeName, { signal }).catch(() => undefined)
  await Promise.all([
    ...(standalone
      ? []
      : [
          registration.run(signal),
          keepLease({ client, clock, log, nodeName, node }, signal),
          nodeInfo.keep(log, signal),
          dra.run(),
        ]),
    upkeep.sizes.run(signal),
    cpus.run(signal),
    sources.run(),
    plugins.run(signal),
    csi.staged.run(signal),
    upkeep.shutdown.run(signal),
    manager.run(known, sources.seen, !standalone),
    // what is unused is known when all Pods are
    Promise.all([known, sources.seen]).then(() =>
      Promise.all([upkeep.garbage.run(signal), upkeep.evictions.run(signal)]),
    ),
  ])
  probes.stop()
}

async function serve(
  options: Options,
  client: Client,
  deps: PodDeps,
  manager: PodManager,
  telling: Pick<ServerOptions, 'configuration' | 'checks' | 'metrics' | 'probeMetrics' | 'usage'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { metrics } = telling
  if (options.healthzPort !== 0) {
    const checks = { ping: () => undefined }
    await serveHealth({ host: options.healthzAddress, port: options.healthzPort, log, checks, metrics }, signal)
  }
  const { certFile, keyFile, clientCaFile } = options
  if (certFile === undefined || keyFile === undefined || clientCaFile === undefined) {
    log.warn('no HTTPS server: it needs --tls-cert-file, --tls-private-key-file and --client-ca-file')
    return
  }
  // cmd/kubelet/app/auth.go BuildAuthz
  if (options.kubeconfig === undefined) throw new Error('no client provided, cannot use webhook authorization')
  const [cert, key, clientCA] = await Promise.all(
    [certFile, keyFile, clientCaFile].map((file) => readFile(file, 'utf8')),
  )
  await startServer({
    host: options.address,
    port: options.port,
    cert: cert ?? '',
    key: key ?? '',
    clientCA: clientCA ?? '',
    client,
    nodeName: options.nodeName,
    handlers: options.handlers,
    logsFolder: '/var/log',
    log,
    ...telling,
    runtime: deps.runtime,
    pods: manager,
    clock: deps.clock,
    signal,
  })
}
