import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isExtended } from '@kubets/shared/api/kinds/quantities.ts'
import type { Container, Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { isQualifiedName } from '@kubets/shared/machinery/names.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { PluginHandler } from '../plugins/handler.ts'
import type { Rejection } from '../pods/admission.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { apiVersion } from './api.ts'
import { checkpointText, parseCheckpoint } from './checkpoint.ts'
import type { DeviceMetrics } from './metrics.ts'
import { byNode, choose, deviceCapacity, deviceOptions, healthyIds, idsOf, inUse, need } from './model.ts'
import type { Assignment, Device, DeviceOptions, Resource } from './model.ts'
import { DevicePlugin } from './plugin.ts'
import { serveDeviceRegistration, type RegisterRequest } from './server.ts'

export interface DeviceManagerOptions {
  /** Where the kubelet's socket and those of plugins are: `<root-dir>/device-plugins`. */
  folder: string
  runtime: Pick<RuntimeService, 'listContainers'>
  /** The Pods that have not ended; undefined while not all are known. */
  occupied(): readonly Pod[] | undefined
  /** The node has more devices, or fewer. */
  changed(): void
  metrics: DeviceMetrics
  clock: Clock
  log: Logger
  lifetime: AbortSignal
}

/** The type that device plugins say they have. kubelet/pkg/apis/pluginregistration/v1/constants.go */
export const devicePluginType = 'DevicePlugin'

const fileName = 'kubelet_internal_checkpoint'

/** Knows the devices of plugins, and gives them to containers. */
// pkg/kubelet/cm/devicemanager/manager.go
export class DeviceManager {
  readonly #options: DeviceManagerOptions
  readonly #plugins = new Map<string, DevicePlugin>()
  readonly #resources = new Map<string, Resource>()
  #assignments: readonly Assignment[] = []
  /** Containers that ran when the kubelet started, by Pod and name. */
  #running: ReadonlySet<string> = new Set()
  #last: Promise<unknown> = Promise.resolve()
  #writing: Promise<void> = Promise.resolve()

  constructor(options: DeviceManagerOptions) {
    this.#options = options
  }

  /** Takes what was written down, and listens for plugins until the kubelet ends. */
  // Start
  async start(): Promise<void> {
    const { folder, log, lifetime, runtime } = this.#options
    const file = path.join(folder, fileName)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    try {
      const { assignments, registered } = parseCheckpoint(
        text ?? checkpointText({ assignments: [], registered: new Map() }),
      )
      this.#assignments = assignments
      // nobody has these until their plugin is back
      const goneAt = this.#options.clock.elapsed()
      for (const name of registered.keys()) this.#resources.set(name, { devices: new Map(), goneAt })
    } catch (error) {
      const warning = 'Continue after failing to read checkpoint file. Device allocation info may NOT be up-to-date'
      log.error({ file, error: (error as Error).message }, warning)
    }
    const containers = await runtime.listContainers({}, lifetime).catch(() => [])
    const running = containers.filter((one) => one.state === 'CONTAINER_RUNNING')
    this.#running = new Set(running.map(({ pod, name }) => `${pod.uid}/${name}`))
    await serveDeviceRegistration(folder, (request) => this.#register(request), lifetime).catch((error: unknown) => {
      log.error({ folder, error: (error as Error).message }, 'device plugins cannot register here')
    })
  }

  /** Takes plugins that are found by their sockets in the folder of all plugins. */
  get handler(): PluginHandler {
    return {
      validate: (name, _endpoint, versions) => {
        if (!versions.includes(apiVersion)) {
          const supported = `[${versions.join(' ')}]`
          throw new Error(`manager version, ${apiVersion}, is not among plugin supported versions ${supported}`)
        }
        if (!isResourceName(name)) throw new Error(`invalid name of device plugin socket: ${invalidName(name)}`)
      },
      register: (name, endpoint) => this.#connect(name, endpoint),
      deregister: (name) => {
        this.#plugins.get(name)?.stop()
        return Promise.resolve()
      },
    }
  }

  /** What the node has of devices; `removed` are none any more. */
  capacity(): { capacity: Record<string, string>; allocatable: Record<string, string>; removed: string[] } {
    const { capacity, allocatable, forgotten } = deviceCapacity(this.#resources, this.#options.clock.elapsed())
    for (const name of forgotten) this.#resources.delete(name)
    if (forgotten.length > 0) void this.#write().catch(() => undefined)
    return { capacity, allocatable, removed: forgotten }
  }

  /** What a container has. */
  assigned(podUid: string, container: string): Assignment[] {
    return this.#assignments.filter((one) => one.podUid === podUid && one.container === container)
  }

  /** The devices that may be given out, or are, by resource. */
  // GetAllocatableDevices
  allocatable(): Map<string, Device[]> {
    return new Map(
      [...this.#resources].map(([name, resource]) => {
        const healthy = healthyIds(resource)
        return [name, [...resource.devices.values()].filter((one) => healthy.has(one.id))]
      }),
    )
  }

  /** Whether a Pod asks for devices. */
  wants(pod: Pod): boolean {
    return containersOf(pod).some((one) => this.#asked(one).length > 0)
  }

  /** Gives a Pod's containers the devices they ask for, one Pod after the other; answers why it cannot. */
  // Allocate, topologymanager/scope_none.go Admit
  allocate(pod: Pod): Promise<Rejection | undefined> {
    const done = this.#last.then(() => this.#allocate(pod, containersOf(pod)))
    this.#last = done.catch(() => undefined)
    return done.then(
      () => undefined,
      (error: unknown) => {
        const message = `Allocate failed due to ${(error as Error).message}, which is unexpected`
        return { reason: 'UnexpectedAdmissionError', message }
      },
    )
  }

  /** The Node as a Pod is judged by it that has devices: what is given out already is there. */
  // UpdatePluginResources, sanitizeNodeAllocatable
  sanitized(pod: Pod, node: Node): Node {
    if (!this.#assignments.some((one) => one.podUid === pod.metadata.uid)) return node
    const allocatable = { ...node.status?.allocatable }
    for (const resource of new Set(this.#assignments.map((one) => one.resource))) {
      const used = inUse(this.#assignments, resource).size
      if (parseQuantity(allocatable[resource] ?? '0').value() < used) allocatable[resource] = String(used)
    }
    return { ...node, status: { ...node.status, allocatable } }
  }

  /** What a container is started with. Tells the plugins of the start that want to know. Rejects with what goes wrong. */
  // GetDeviceRunContainerOptions
  async starts(pod: Pod, container: Container, signal: AbortSignal): Promise<DeviceOptions> {
    const mine = (): Assignment[] => this.assigned(pod.metadata.uid ?? '', container.name)
    for (const [resource, amount] of this.#asked(container)) {
      if (amount === 0) continue
      if (!this.#resources.has(resource)) {
        throw new Error(`endpoint not found in cache for a registered resource: ${resource}`)
      }
      const assigned = mine().find((one) => one.resource === resource)
      const plugin = this.#plugins.get(resource)
      if (plugin?.wantsPreStart) {
        if (!assigned) {
          const whose = `pod ${pod.metadata.uid ?? ''}, container ${container.name}, resource ${resource}`
          throw new Error(`no devices found allocated in local cache for ${whose}`)
        }
        await plugin.preStart([...idsOf(assigned)], signal).catch((error: unknown) => {
          throw new Error(`device plugin PreStartContainer rpc failed with err: ${(error as Error).message}`)
        })
      }
      // its plugin was not known when the Pod was taken
      if (!assigned) await this.#allocate(pod, [container])
    }
    return deviceOptions(mine().map((one) => one.response))
  }

  // plugin/v1beta1/server.go Register
  async #register({ version, endpoint, resource_name: resource }: RegisterRequest): Promise<void> {
    this.#options.metrics.registered(resource)
    if (version !== apiVersion) {
      const supported = JSON.stringify([apiVersion])
      const asked = `requested API version ${JSON.stringify(version)} is not supported by kubelet`
      throw new Error(`${asked}. Supported version is ${supported}`)
    }
    if (!isResourceName(resource)) throw new Error(invalidName(resource))
    await this.#connect(resource, path.join(this.#options.folder, endpoint))
  }

  // plugin/v1beta1/handler.go connectClient, PluginConnected
  async #connect(resource: string, socket: string): Promise<void> {
    const { clock, log, lifetime } = this.#options
    const plugin = await DevicePlugin.connect(socket, clock, lifetime)
    this.#plugins.get(resource)?.stop()
    this.#plugins.set(resource, plugin)
    const before = this.#resources.get(resource)
    this.#resources.set(resource, { devices: before?.devices ?? new Map<string, Device>(), goneAt: undefined })
    log.info({ resource, socket }, 'device plugin is registered')
    const follow = plugin.run((devices) => this.#listed(resource, plugin, devices), lifetime)
    void follow.catch(() => undefined).then(() => this.#gone(resource, plugin))
  }

  // genericDeviceUpdateCallback
  #listed(resource: string, plugin: DevicePlugin, devices: readonly Device[]): void {
    if (this.#plugins.get(resource) !== plugin) return
    this.#resources.set(resource, { devices: new Map(devices.map((one) => [one.id, one])), goneAt: undefined })
    this.#save()
    this.#options.changed()
  }

  // PluginDisconnected, markResourceUnhealthy
  #gone(resource: string, plugin: DevicePlugin): void {
    const { clock, log, lifetime } = this.#options
    if (lifetime.aborted || this.#plugins.get(resource) !== plugin) return
    log.warn({ resource }, 'device plugin is gone')
    const devices = this.#resources.get(resource)?.devices ?? new Map<string, Device>()
    const unhealthy = new Map([...devices].map(([id, one]) => [id, { ...one, healthy: false }]))
    this.#plugins.delete(resource)
    this.#resources.set(resource, { devices: unhealthy, goneAt: clock.elapsed() })
    this.#save()
    this.#options.changed()
  }

  // isDevicePluginResource
  #asked(container: Container): [string, number][] {
    const limits = Object.entries(container.resources?.limits ?? {})
    const known = (name: string): boolean =>
      this.#resources.has(name) || this.#assignments.some((one) => one.resource === name)
    return limits.filter(([name]) => known(name)).map(([name, amount]) => [name, parseQuantity(amount).value()])
  }

  // allocateContainerResources, UpdateAllocatedDevices
  async #allocate(pod: Pod, containers: readonly Container[]): Promise<void> {
    const { uid = '' } = pod.metadata
    const active = this.#options.occupied()
    if (active) {
      const uids = new Set(active.map((one) => one.metadata.uid))
      this.#assignments = this.#assignments.filter((one) => one.podUid === uid || uids.has(one.podUid))
    }
    const reusable = new Map<string, Set<string>>()
    for (const container of containers) {
      for (const [resource, required] of this.#asked(container)) {
        const of = reusable.get(resource) ?? new Set<string>()
        const running = !active && this.#running.has(`${uid}/${container.name}`)
        const wanted = { podUid: uid, container: container.name, resource, required, reusable: of, running }
        const missing = need(this.#resources, this.#assignments, wanted)
        if (missing) await this.#give(wanted, missing)
        const given = this.#assignments.find(
          (one) => one.podUid === uid && one.container === container.name && one.resource === resource,
        )
        const ends = pod.spec.initContainers?.includes(container) && container.restartPolicy !== 'Always'
        const ids = given ? idsOf(given) : new Set<string>()
        reusable.set(resource, ends ? of.union(ids) : of.difference(ids))
      }
    }
  }

  async #give(
    wanted: { podUid: string; container: string; resource: string; required: number },
    missing: NonNullable<ReturnType<typeof need>>,
  ): Promise<void> {
    const { clock, metrics, lifetime } = this.#options
    const { podUid, container, resource, required } = wanted
    const plugin = this.#plugins.get(resource)
    if (!plugin) throw new Error(`unknown Device Plugin ${resource}`)
    const { first, available, more } = missing
    const preferred =
      more > 0
        ? await plugin.preferred(available.union(first), first, required, lifetime).catch((error: unknown) => {
            throw new Error(`device plugin GetPreferredAllocation rpc failed with err: ${(error as Error).message}`)
          })
        : []
    const ids = choose(missing, preferred)
    const start = clock.elapsed()
    const response = await plugin.allocate(ids, lifetime).finally(() => {
      metrics.allocated(resource, (clock.elapsed() - start) / 1000)
    })
    if (!response) throw new Error('no containers return in allocation response')
    const devices = byNode(this.#resources.get(resource), ids)
    this.#assignments = [...this.#assignments, { podUid, container, resource, devices, response }]
    await this.#write()
  }

  #save(): void {
    void this.#write().catch((error: unknown) => {
      this.#options.log.error({ error: (error as Error).message }, 'Failed to write checkpoint file')
    })
  }

  // one after the other, so that the last is what stays
  #write(): Promise<void> {
    const file = path.join(this.#options.folder, fileName)
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const registered = new Map([...this.#resources].map(([name, one]) => [name, [...healthyIds(one)]]))
        const text = checkpointText({ assignments: this.#assignments, registered })
        await writeFile(`${file}.new`, text, { mode: 0o600 })
        await rename(`${file}.new`, file)
      })
    return this.#writing
  }
}

const containersOf = ({ spec }: Pod): Container[] => [...(spec.initContainers ?? []), ...spec.containers]

const invalidName = (name: string): string => `the ResourceName ${JSON.stringify(name)} is invalid`

// pkg/apis/core/v1/helper/helpers.go IsExtendedResourceName
const isResourceName = (name: string): boolean => isExtended(name) && isQualifiedName(`requests.${name}`).length === 0
