import { mkdir } from 'node:fs/promises'
import type { Registry } from 'prom-client'
import { csiDrivers, nodes, pods, services } from '@kubets/shared/api/resources.gen.ts'
import type { Node, ObjectReference, Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { EventRecorder } from '@kubets/shared/client/events.ts'
import { InformerFactory, type Informer } from '@kubets/shared/client/informer.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { ApiObjects } from './api-objects.ts'
import { nodeReference, type Recorder } from './events.ts'
import { PodNetwork } from './network/network.ts'
import { heartbeatClient } from './node/heartbeat.ts'
import { defaultAddress, mayLowerOomScore, readMachine, type Machine } from './node/machine.ts'
import type { Options } from './options.ts'
import { createDockerRuntime } from './runtime/docker/index.ts'
import { instrumented } from './runtime/instrumented.ts'
import type { Runtime } from './runtime/types.ts'

/** What every part of the kubelet works with: the machine, the API server, the runtime. */
// pkg/kubelet/kubelet.go Dependencies
export interface Dependencies {
  readonly machine: Machine
  /** The node's addresses, preferred one first. */
  readonly ips: readonly string[]
  readonly client: Client
  /** For the Node's status and its Lease. */
  readonly heartbeat: Client
  readonly recorder: Recorder
  /** Names the Node object in events. */
  readonly node: ObjectReference
  readonly informers: Informers
  readonly objects: ApiObjects
  readonly runtime: Runtime
  readonly network: PodNetwork
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Logger
  /** The kubelet's own life. */
  readonly lifetime: AbortSignal
}

/** What is followed at the API server. */
export interface Informers {
  readonly pods: Informer<Pod>
  readonly services: Informer<Service>
  /** Of this node's own Node object. */
  readonly node: Informer<Node>
  readonly csiDrivers: Informer<CSIDriver>
  /** Starts them; resolves when all have seen what there is. */
  start(signal: AbortSignal): Promise<void>
}

// nobody is asked without a kubeconfig; whoever asks all the same hears this name
const noApiServer = { server: 'http://standalone-mode.invalid' }

/** Opens them; nothing is followed yet. Rejects when the machine has no address or the kubeconfig cannot be read. */
export async function openDependencies(options: Options, log: Logger, lifetime: AbortSignal): Promise<Dependencies> {
  const { nodeName, rootDir, kubeconfig, clusterCidr } = options
  await mkdir(rootDir, { recursive: true, mode: 0o750 })
  const address = options.nodeIps.length > 0 ? undefined : await defaultAddress()
  const ips = address === undefined ? options.nodeIps : [address]
  if (ips.length === 0) throw new Error('the machine has no address: give one with --node-ip')
  const machine = await readMachine(rootDir)

  const config = { ...(kubeconfig === undefined ? noApiServer : loadKubeconfig(kubeconfig)), userAgent: 'kubelet' }
  const client = new Client(config, { clock })
  const recorder: Recorder =
    kubeconfig === undefined
      ? { event: () => undefined }
      : new EventRecorder({ client, clock, log, component: 'kubelet', host: nodeName })
  const informers = informersOf(client, nodeName, log)

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
  return {
    machine,
    ips,
    client,
    heartbeat: heartbeatClient(config, clock),
    recorder,
    node: nodeReference(nodeName),
    informers,
    objects: new ApiObjects(client, informers.services.lister),
    runtime: instrumented(docker, registry, clock),
    network: new PodNetwork({ context: docker.context, clusterCidr, clock, log }),
    registry,
    clock,
    log,
    lifetime,
  }
}

function informersOf(client: Client, nodeName: string, log: Logger): Informers {
  const podFactory = new InformerFactory(client, { clock, log })
  const factory = new InformerFactory(client, { clock, log })
  return {
    pods: podFactory.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` }),
    services: factory.informer(services),
    node: factory.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` }),
    csiDrivers: factory.informer(csiDrivers),
    async start(signal) {
      // containers are told of the Services there are, so these come before the Pods
      for (const one of [factory, podFactory]) {
        one.start(signal)
        await one.waitForSync(signal)
      }
    },
  }
}
