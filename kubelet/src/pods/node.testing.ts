import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { csiDrivers, nodes, pods, serviceAccounts, services } from '@kubets/shared/api/resources.gen.ts'
import type { Node, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { EventRecorder } from '@kubets/shared/client/events.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import Docker from 'dockerode'
import type { Registry } from 'prom-client'
import { ApiObjects } from '../api-objects.ts'
import { nothingReserved, podsShare } from '../cgroups/allocatable.ts'
import { openCgroups } from '../cgroups/open.ts'
import type { CgroupTree } from '../cgroups/tree.ts'
import { openContainerManager } from '../container-manager.ts'
import type { Pressure } from '../eviction/thresholds.ts'
import { parseCpuSet } from '../cpus/cpuset.ts'
import { readTopology } from '../cpus/topology.ts'
import { csiPluginType } from '../csi/drivers.ts'
import { draPluginType } from '../dra/drivers.ts'
import { nodeReference } from '../events.ts'
import { PulledImages } from '../images/pulled-images.ts'
import { ImagePuller } from '../images/puller.ts'
import type { PluginHandler } from '../plugins/handler.ts'
import { PluginManager } from '../plugins/manager.ts'
import { ProbeManager } from '../probes/manager.ts'
import { makeImage, removeImage } from '../runtime/docker/image.testing.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { instrumented } from '../runtime/instrumented.ts'
import { openStorage } from '../storage.ts'
import { Allocations } from './allocations.ts'
import { appArmorEnabled } from './app-armor.ts'
import { maxBackOffSeconds } from './backoff.ts'
import { SettableClock } from './clock.testing.ts'
import type { PodDeps } from './deps.ts'
import { PodManager } from './manager.ts'
import { podMetrics } from './metrics.ts'
import { sysctlAllowlist } from './sysctls.ts'

type ApiServer = Awaited<ReturnType<typeof startApiServer>>

export interface TestNode {
  name: string
  /** The image of the tests' containers. */
  image: string
  client: ApiServer['client']
  /** The process of its API server, and whose certificates that shows and takes. */
  apiServer: Pick<ApiServer, 'pid' | 'authority'>
  /** Writes a kubeconfig for another program of the cluster. */
  kubeconfig: ApiServer['kubeconfig']
  runtime: PodDeps['runtime']
  /** Its metrics. */
  registry: Registry
  recorder: PodDeps['recorder']
  volumes: PodDeps['volumes']
  devices: PodDeps['devices']
  manager: PodManager
  rootDir: string
  clock: SettableClock
  /** How much longer ago than Docker says a container was made (milliseconds), by its id. */
  madeBefore: Map<string, number>
  /** What the node is short of. */
  pressure: Pressure[]
  /** Whether it goes down. */
  goesDown: { shuttingDown: boolean }
  /** Creates a Pod bound to the node; its containers sleep unless they say what else to do. */
  run(name: string, spec: PodSpec): Promise<Pod>
  get(name: string): Promise<Pod>
  /** The cgroup below which those of its Pods are, and its kernel; undefined where there are none. */
  tree: CgroupTree | undefined
  cgroupRoot: string
  /** Takes all static Pods that a source has now. */
  setStatic(source: string, pods: readonly Pod[]): void
  /** Waits until the Pod is as `check` says. */
  until(name: string, check: (pod: Pod) => unknown): Promise<Pod>
  stop(): Promise<void>
}

/**
 * A node with these resources: Pods through a PodManager in this process, on a real apiserver and a real Docker. They
 * have the host's network, so that the machine's stays as it is. What is kept on disk is in a folder of its own, or in
 * the one given, which then stays. `engine`: the socket of its Docker, if it is not the machine's. `cpuPolicy`: the CPU manager's, with one CPU kept for the system. The API server is reached when `reached` resolves.
 */
export async function startTestNode(
  allocatable: Record<string, string>,
  given?: { rootDir?: string; cpuPolicy?: string; engine?: string },
  reached: Promise<unknown> = Promise.resolve(),
): Promise<TestNode> {
  const name = `kubets-test-pods-${process.pid}`
  const image = `kubets-test/${name}:1`
  const rootDir = given?.rootDir ?? (await mkdtemp(path.join(tmpdir(), 'kubets-pods-')))
  const stopping = new AbortController()
  const clock = new SettableClock()
  const api = await startApiServer()
  const engine = given?.engine === undefined ? new Docker() : new Docker({ socketPath: given.engine })
  await makeImage(image, undefined, engine)
  const { client: admin } = api
  // the node's own requests: with what a kubelet may do, and no more
  const config = loadKubeconfig(await api.kubeconfig(`system:node:${name}`, ['system:nodes']))
  const client = new Client({ ...config, userAgent: 'kubelet' }, { clock })
  const registry = createRegistry()
  const docker = testRuntime(name, {
    infraImage: image,
    ...(given?.engine === undefined ? {} : { endpoint: `unix://${given.engine}` }),
  })
  const madeBefore = new Map<string, number>()
  const aged: typeof docker = {
    ...docker,
    containerStatus: async (id, signal) => {
      const status = await docker.containerStatus(id, signal)
      const by = madeBefore.get(id) ?? 0
      return { ...status, createdAt: status.createdAt - by, startedAt: status.startedAt - by }
    },
  }
  const runtime = instrumented(aged, registry, clock)
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status: { allocatable } }
  const registered = await admin.create(nodes, { ...node, status: {} })
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } }
  await admin.create(serviceAccounts, account)
  const factory = new InformerFactory(client, { clock, log })
  const informer = factory.informer(pods, { fieldSelector: `spec.nodeName=${name}` })
  const nodeInformer = factory.informer(nodes, { fieldSelector: `metadata.name=${name}` })
  const objects = new ApiObjects(client, factory.informer(services).lister)
  const recorder = new EventRecorder({ client, clock, log, component: 'kubelet', host: name })
  const resources = { cpu: '0', memory: '0', 'ephemeral-storage': '0', ...allocatable }
  const tellInUse = async (): Promise<void> => {
    const { status: known } = await client.get(nodes, name)
    const volumesInUse = storage.attached.inUse(known?.volumesInUse ?? [])
    const body = { status: { volumesInUse: volumesInUse.length > 0 ? volumesInUse : null } }
    await client.patch(nodes, name, body, { type: 'strategic', subresource: 'status' })
  }
  const base = {
    nodeName: name,
    rootDir,
    client,
    objects,
    informers: { node: nodeInformer, csiDrivers: factory.informer(csiDrivers) },
    runtime,
    registry,
    recorder,
    node: nodeReference(name),
    pods: () => manager,
    nodeChanged: () => void tellInUse().catch(() => undefined),
    clock,
    log,
    lifetime: stopping.signal,
  }
  const cgroupRoot = `/${name}`
  const tree = await openCgroups(true, clock, log)
  const share = podsShare({ cpu: resources.cpu, memory: resources.memory }, nothingReserved)
  const containers = await openContainerManager({
    ...base,
    cgroups: { tree, root: cgroupRoot, share, podPidsLimit: 100, pageSizes: [] },
    cpus: {
      policy: given?.cpuPolicy ?? 'none',
      policyOptions: {},
      reconcileMs: 200,
      topology: await readTopology(),
      reservedMilli: 1000,
      reserved: parseCpuSet(''),
    },
  })
  const { cpus, devices, dra } = containers
  await devices.start()
  const storage = await openStorage({ ...base, allocatable: resources })
  const { volumes, volumeSources } = storage
  const metrics = { observe: () => undefined, forget: () => undefined }
  const probes = new ProbeManager({ runtime, recorder, clock, metrics, changed: (uid) => manager.poke(uid) })
  const pulled = new PulledImages({ rootDir, verification: (_, ours) => ours, clock, log })
  await pulled.open(() => Promise.resolve([]))
  const deps: PodDeps = {
    ...base,
    ...containers,
    volumes,
    volumeSources,
    probes,
    metrics: { preempted: () => undefined, ...podMetrics(registry, name) },
    allocations: new Allocations((uid) => volumes.podDir(uid)),
    puller: new ImagePuller(runtime, pulled, 1),
    pulled,
    keyring: { lookup: () => Promise.resolve([]) },
    network: { problem: undefined, allowHairpin: () => Promise.resolve() },
    dns: { clusterDns: [], clusterDomain: 'cluster.local' },
    node: {
      name,
      ips: ['192.0.2.1'],
      allocatable: resources,
      memoryBytes: 1 << 30,
      seccompDir: rootDir,
      maxContainerRestartMs: maxBackOffSeconds * 1000,
      sysctls: sysctlAllowlist([]),
      appArmor: await appArmorEnabled(),
    },
  }
  const pressure: Pressure[] = []
  const goesDown = { shuttingDown: false }
  const own = {
    known: () => node,
    fetch: () => Promise.resolve({ ...node, metadata: registered.metadata }),
    pressure: () => pressure,
    shuttingDown: () => goesDown.shuttingDown,
  }
  const manager: PodManager = new PodManager(deps, client, informer, own)
  const synced = reached.then(() => {
    factory.start(stopping.signal)
    return factory.waitForSync(stopping.signal)
  })
  const folder = path.join(rootDir, 'plugins_registry')
  const handlers = new Map<string, PluginHandler>([
    [csiPluginType, storage.drivers],
    [draPluginType, dra.handler],
  ])
  const plugins = new PluginManager({ folder, handlers, clock, log })
  const running = Promise.all([
    manager.run(synced, Promise.resolve()),
    cpus.run(stopping.signal),
    plugins.run(stopping.signal),
    storage.csi.staged.run(stopping.signal),
    dra.run(),
  ])
  const get = (of: string): Promise<Pod> => admin.get(pods, of, { namespace: 'default' })
  const until = async (of: string, check: (pod: Pod) => unknown): Promise<Pod> => {
    let last: Pod | undefined
    const done = async (): Promise<Pod | undefined> => {
      last = await get(of)
      return check(last) ? last : undefined
    }
    return waitFor(done).catch((error: unknown) => {
      throw new Error(`${of} is ${JSON.stringify(last?.status)}`, { cause: error })
    })
  }
  return {
    name,
    recorder,
    volumes,
    devices,
    manager,
    rootDir,
    clock,
    madeBefore,
    pressure,
    goesDown,
    client: admin,
    apiServer: api,
    kubeconfig: (...who) => api.kubeconfig(...who),
    runtime,
    registry,
    tree,
    cgroupRoot,
    image,
    setStatic: (source, found) => manager.setStatic(source, found),
    get,
    until,
    run: (of, spec) =>
      admin.create(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: of, namespace: 'default' },
        spec: {
          nodeName: name,
          hostNetwork: true,
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          ...spec,
          containers: spec.containers.map((one) => ({ image, ...one })),
          ...(spec.initContainers && { initContainers: spec.initContainers.map((one) => ({ image, ...one })) }),
        },
      }),
    stop: async () => {
      stopping.abort()
      await running
      probes.stop()
      const signal = new AbortController().signal
      // Docker may still make a container that nobody waits for any more: then the image is in use once more
      await waitFor(async () => {
        for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
        return removeImage(image, engine).then(
          () => true,
          (error: unknown) => (error as { statusCode?: number }).statusCode !== 409 && Promise.reject(error as Error),
        )
      })
      for (const uid of await volumes.podsOnDisk()) await volumes.removePod(uid, signal)
      await tree?.remove(cgroupRoot, signal)
      await client.close()
      await api.stop()
      if (!given?.rootDir) await rm(rootDir, { recursive: true })
    },
  }
}
