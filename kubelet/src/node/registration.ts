import { nodes } from '@kubets/shared/api/resources.gen.ts'
import type { Node, NodeStatus, Taint } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Reservation } from '../cgroups/allocatable.ts'
import type { Image, Runtime, RuntimeHandler } from '../runtime/types.ts'
import { nodeReference, type Recorder } from '../events.ts'
import type { Pressure } from '../eviction/thresholds.ts'
import { statusUpdateMs } from './heartbeat.ts'
import type { Machine } from './machine.ts'
import {
  conditionEvents,
  initialNode,
  nodeAnnotations,
  nodeLabels,
  nodeStatus,
  statusPatch,
  worthWriting,
  type DeviceAmounts,
  type NodeSeen,
} from './status.ts'

export interface RegistrationOptions {
  /** The one for signs of life. */
  client: Client
  runtime: Runtime
  clock: Clock
  log: Logger
  name: string
  ips: readonly string[]
  port: number
  maxPods: number
  machine: Machine
  reservation: Reservation
  /** What the Node has when it is created. */
  taints: readonly Taint[]
  /** Whether containers may have CPUs of their own. */
  staticCpus: boolean
  /** What it has of devices. */
  devices(): DeviceAmounts
  /** What the node is short of. */
  pressure(): readonly Pressure[]
  recorder: Recorder
  /** Volumes that must not be detached, given those that the status named before. */
  volumesInUse(before: readonly string[]): readonly string[]
  /** Whether the node goes down. */
  shuttingDown(): boolean
  /** Why Pods cannot have a network; undefined when they can. */
  networkProblem(): string | undefined
  /** Why Pods cannot have volumes of drivers; undefined when they can. */
  storageProblem(): string | undefined
  /** Takes the node's Pod CIDR when it is known, and again on every look. */
  podCidr(cidr: string): Promise<void>
}

// pkg/kubelet/apis/config/v1beta1/defaults.go: nodeStatusReportFrequency
const reportMs = 5 * 60_000
// until the node is ready it is looked at often: everything waits for it
const soonMs = 200
// pkg/kubelet/nodeshutdown/nodeshutdown_manager_linux.go ShutdownStatus
const goesDown = 'node is shutting down'

/** Keeps the Node object: creates it, and writes its status when it changes, or every five minutes. */
// pkg/kubelet/kubelet_node_status.go
export class NodeRegistration {
  readonly #options: RegistrationOptions
  #writtenAt = -Infinity
  #runtimeVersion = ''
  #runtimeHandlers: RuntimeHandler[] = []
  #images: Image[] = []
  #unschedulable = false
  #poked = false
  #poke: () => void = () => undefined

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  /** Makes it look now. */
  poke(): void {
    this.#poked = true
    this.#poke()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, recorder, name } = this.#options
    // pkg/kubelet/kubelet.go BirthCry
    recorder.event(nodeReference(name), 'Normal', 'Starting', 'Starting kubelet.')
    while (!signal.aborted) {
      let ready = false
      this.#poked = false
      try {
        ready = await this.#look(signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error: error instanceof Error ? error.message : String(error) }, 'node status could not be written')
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#poke = resolve
      if (this.#poked) continue
      const cancel = clock.timer(ready ? statusUpdateMs : soonMs, resolve)
      const onAbort = (): void => resolve()
      signal.addEventListener('abort', onAbort, { once: true })
      await promise
      signal.removeEventListener('abort', onAbort)
      cancel()
    }
  }

  /** One look; true when the node is ready, or has been. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { client, name, clock } = this.#options
    const seen = await this.#see(signal)
    const node = await this.#getOrCreate(seen, signal)
    this.#announceSchedulable(node.spec.unschedulable ?? false)
    if (node.spec.podCIDR) {
      await this.#options.podCidr(node.spec.podCIDR)
      seen.problems = await this.#problems(signal)
    }
    seen.volumesInUse = this.#options.volumesInUse(node.status?.volumesInUse ?? [])
    const status = nodeStatus(seen, node.status)
    const now = clock.elapsed()
    if (worthWriting(node.status, status) || now - this.#writtenAt >= reportMs) {
      const body = { status: statusPatch(node.status, status) }
      await client.patch(nodes, name, body, { type: 'strategic', subresource: 'status', signal })
      this.#announce(node.status, status)
      this.#writtenAt = now
    }
    return seen.problems.every((one) => one === goesDown)
  }

  #announce(before: NodeStatus | undefined, after: NodeStatus): void {
    const { recorder, name } = this.#options
    for (const reason of conditionEvents(before, after)) this.#announceNow(reason)
    const boots = [before?.nodeInfo?.bootID ?? '', after.nodeInfo?.bootID ?? ''] as const
    if (boots[0] === '' || boots[0] === boots[1]) return
    // pkg/kubelet/nodestatus/setters.go MachineInfo
    const message = `Node ${name} has been rebooted, boot id: ${boots[1]}`
    recorder.event(nodeReference(name), 'Warning', 'Rebooted', message)
  }

  #announceNow(reason: string): void {
    const { recorder, name } = this.#options
    recorder.event(nodeReference(name), 'Normal', reason, `Node ${name} status is now: ${reason}`)
  }

  // pkg/kubelet/kubelet_node_status.go recordNodeSchedulableEvent
  #announceSchedulable(unschedulable: boolean): void {
    if (unschedulable === this.#unschedulable) return
    this.#unschedulable = unschedulable
    this.#announceNow(unschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable')
  }

  async #see(signal: AbortSignal): Promise<NodeSeen & { problems: readonly string[] }> {
    const { runtime, clock, name, ips, port, maxPods, machine, reservation, staticCpus } = this.#options
    const problems = await this.#problems(signal)
    const away = problems.some((one) => one.startsWith('container runtime'))
    if (!away && this.#runtimeVersion === '') {
      this.#runtimeHandlers = await runtime.runtimeHandlers(signal)
      this.#runtimeVersion = (await runtime.version(signal)).runtimeVersion
    }
    if (!away) this.#images = await runtime.listImages(signal)
    const runtimeVersion = this.#runtimeVersion
    const runtimeHandlers = this.#runtimeHandlers
    const images = this.#images
    const pressure = this.#options.pressure()
    return {
      name,
      ips,
      port,
      maxPods,
      machine,
      reservation,
      staticCpus,
      devices: this.#options.devices(),
      runtimeVersion,
      runtimeHandlers,
      images,
      pressure,
      volumesInUse: [],
      problems,
      now: clock.now(),
    }
  }

  // pkg/kubelet/nodestatus/setters.go ReadyCondition
  async #problems(signal: AbortSignal): Promise<string[]> {
    const { runtime, networkProblem, storageProblem, shuttingDown } = this.#options
    const ending = shuttingDown() ? [goesDown] : []
    const down = await runtime.status(signal)
    if (down !== undefined) return [`container runtime is down: ${down}`, ...ending]
    const network = networkProblem()
    const reason = 'NetworkReady=false reason:NetworkPluginNotReady'
    const ofNetwork = network && `container runtime network not ready: ${reason} message:${network}`
    return [ofNetwork, storageProblem(), ...ending].filter((one) => one !== undefined)
  }

  async #getOrCreate(seen: NodeSeen, signal: AbortSignal): Promise<Node> {
    const { client, name, machine, taints, log } = this.#options
    const architecture = machine.info.architecture
    try {
      const node = await client.get(nodes, name, { signal })
      const labels = missing(nodeLabels(name, architecture), node.metadata.labels)
      const annotations = missing(nodeAnnotations, node.metadata.annotations)
      if (labels === undefined && annotations === undefined) return node
      const body = { metadata: { labels, annotations } }
      return await client.patch(nodes, name, body, { type: 'strategic', signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    try {
      const node = await client.create(nodes, initialNode(name, architecture, nodeStatus(seen, undefined), taints), {
        signal,
      })
      log.info({ node: name }, 'node is registered')
      this.#announce(undefined, node.status ?? {})
      return node
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      return client.get(nodes, name, { signal })
    }
  }
}

/** What has to be written so that all of `wanted` is there; undefined when it is. */
function missing(
  wanted: Readonly<Record<string, string>>,
  there: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  const entries = Object.entries(wanted).filter(([key, value]) => there[key] !== value)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
