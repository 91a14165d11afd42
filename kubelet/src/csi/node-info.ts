import { csiNodes, nodes } from '@kubets/shared/api/resources.gen.ts'
import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type { CSINode, CSINodeDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { DriverNode } from './driver.ts'

const nodeIds = 'csi.volume.kubernetes.io/nodeid'
const maxCount = 2 ** 31 - 1
// updateBackoff
const waitsMs = [10, 50, 250]
const [firstWaitMs, longestWaitMs] = [500, 16_000]

/** The CSINode with the driver in it, and no other of its name; the same object when it has it already. */
// installDriverToCSINode
export function withDriver(csiNode: CSINode, name: string, { nodeId, maxVolumes, topology }: DriverNode): CSINode {
  const drivers = csiNode.spec.drivers ?? []
  const topologyKeys = Object.keys(topology).sort()
  const count = maxVolumes > 0 ? Math.min(maxVolumes, maxCount) : undefined
  const before = drivers.find((one) => one.name === name)
  const same =
    before?.nodeID === nodeId &&
    before.topologyKeys?.toSorted().join() === topologyKeys.join() &&
    before.allocatable?.count === count
  if (same) return csiNode
  const driver: CSINodeDriver = { name, nodeID: nodeId, topologyKeys, ...(count && { allocatable: { count } }) }
  return { ...csiNode, spec: { drivers: [...drivers.filter((one) => one !== before), driver] } }
}

/** The CSINode without the driver; the same object when it does not have it. */
export function withoutDriver(csiNode: CSINode, name: string): CSINode {
  const drivers = csiNode.spec.drivers ?? []
  if (!drivers.some((one) => one.name === name)) return csiNode
  return { ...csiNode, spec: { drivers: drivers.filter((one) => one.name !== name) } }
}

/**
 * What of the Node's metadata has to change so that it names the driver's node, or (undefined) does not; undefined when
 * nothing has to. Throws when the driver says that the node is elsewhere than others say.
 */
// updateNodeIDInNode, removeNodeIDFromNode, updateTopologyLabels
export function metadataPatch(
  { metadata }: Node,
  name: string,
  driver: Pick<DriverNode, 'nodeId' | 'topology'> | undefined,
): object | undefined {
  const value = metadata.annotations?.[nodeIds]
  const ids = new Map<string, unknown>()
  if (value) {
    try {
      for (const [key, id] of Object.entries(JSON.parse(value) as object)) ids.set(key, id)
    } catch (error) {
      const why = (error as Error).message
      throw new Error(`failed to parse node's "${nodeIds}" annotation value (${JSON.stringify(value)}) err=${why}`)
    }
  }
  const topology = Object.entries(driver?.topology ?? {})
  for (const [key, wanted] of topology) {
    const there = metadata.labels?.[key]
    if (there === undefined || there === wanted) continue
    throw new Error(
      `detected topology value collision: driver reported "${key}":"${wanted}" but existing label is "${key}":"${there}"`,
    )
  }
  const labels = topology.filter(([key]) => metadata.labels?.[key] === undefined)
  const known = ids.get(name)
  if (driver) ids.set(name, driver.nodeId)
  else ids.delete(name)
  if (known === driver?.nodeId && labels.length === 0) return undefined
  const sorted = [...ids].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const annotation = ids.size === 0 ? null : JSON.stringify(Object.fromEntries(sorted))
  return {
    metadata: {
      ...(known !== driver?.nodeId && { annotations: { [nodeIds]: annotation } }),
      ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    },
  }
}

/** Writes into Node and CSINode which drivers the node has. One thing at a time; what fails is tried four times. */
// pkg/volume/csi/nodeinfomanager/nodeinfomanager.go
export class NodeInfo {
  readonly #client: Client
  readonly #clock: Clock
  readonly #name: string
  #last: Promise<unknown> = Promise.resolve()
  #problem: string | undefined = 'CSINode is not yet initialized'

  constructor(client: Client, clock: Clock, nodeName: string) {
    this.#client = client
    this.#clock = clock
    this.#name = nodeName
  }

  /** Why the node is not ready for volumes of drivers: it has no CSINode, whoever schedules Pods would not know of limits. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** The node has the driver. */
  // InstallCSIDriver
  async install(name: string, driver: DriverNode, signal: AbortSignal): Promise<void> {
    if (driver.nodeId === '') throw new Error('error adding CSI driver node info: driverNodeID must not be empty')
    await this.#persistently(() => this.#updateNode(name, driver, signal), 'node', signal).catch((error: unknown) => {
      throw new Error(`error updating Node object with CSI driver node info: ${(error as Error).message}`)
    })
    await this.update(name, driver, signal)
  }

  /** What the driver says may have changed. */
  // UpdateCSIDriver
  async update(name: string, driver: DriverNode, signal: AbortSignal): Promise<void> {
    const change = (csiNode: CSINode): CSINode => withDriver(csiNode, name, driver)
    await this.#persistently(() => this.#updateCsiNode(change, true, signal), 'CSINode', signal).catch(
      (error: unknown) => {
        throw new Error(`error updating CSINode object with CSI driver node info: ${(error as Error).message}`)
      },
    )
  }

  /** The node does not have the driver any more. */
  // UninstallCSIDriver
  async uninstall(name: string, signal: AbortSignal): Promise<void> {
    const change = (csiNode: CSINode): CSINode => withoutDriver(csiNode, name)
    await this.#persistently(() => this.#updateCsiNode(change, false, signal), 'CSINode', signal).catch(
      (error: unknown) => {
        throw new Error(`error uninstalling CSI driver from CSINode object ${(error as Error).message}`)
      },
    )
    await this.#persistently(() => this.#updateNode(name, undefined, signal), 'node', signal).catch(
      (error: unknown) => {
        throw new Error(`error removing CSI driver node info from Node object ${(error as Error).message}`)
      },
    )
  }

  /** Makes the CSINode of this node, as soon as there is a Node: others wait for it. Never rejects. */
  // csi_plugin.go initializeCSINode
  async keep(log: Logger, signal: AbortSignal): Promise<void> {
    for (let wait = firstWaitMs; !signal.aborted; wait = Math.min(wait * 2, longestWaitMs)) {
      try {
        await this.#persistently(() => this.#updateCsiNode((one) => one, true, signal), 'CSINode', signal)
        this.#problem = undefined
        return
      } catch (error) {
        if (signal.aborted) return
        this.#problem = `failed to initialize CSINode: ${(error as Error).message}`
        if (wait > firstWaitMs) log.warn({ error: (error as Error).message }, 'CSINode could not be made')
      }
      await this.#clock.sleep(wait, signal).catch(() => undefined)
    }
  }

  async #persistently(attempt: () => Promise<void>, what: string, signal: AbortSignal): Promise<void> {
    const errors: string[] = []
    for (let i = 0; ; i++) {
      const turn = this.#last.then(attempt)
      this.#last = turn.catch(() => undefined)
      try {
        return await turn
      } catch (error) {
        signal.throwIfAborted()
        const { message } = error as Error
        if (!errors.includes(message)) errors.push(message)
      }
      const wait = waitsMs[i]
      if (wait === undefined) break
      await this.#clock.sleep(wait, signal)
    }
    const causes = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`
    throw new Error(`error updating ${what}: timed out waiting for the condition; caused by: ${causes}`)
  }

  // tryUpdateNode
  async #updateNode(name: string, driver: DriverNode | undefined, signal: AbortSignal): Promise<void> {
    const node = await this.#client.get(nodes, this.#name, { signal })
    const patch = metadataPatch(node, name, driver)
    if (patch) await this.#client.patch(nodes, this.#name, patch, { type: 'strategic', subresource: 'status', signal })
  }

  async #updateCsiNode(change: (csiNode: CSINode) => CSINode, make: boolean, signal: AbortSignal): Promise<void> {
    let csiNode: CSINode | undefined
    try {
      csiNode = await this.#client.get(csiNodes, this.#name, { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
      if (!make) return
      csiNode = await this.#createCsiNode(signal)
    }
    const changed = change(csiNode)
    if (changed !== csiNode) await this.#client.update(csiNodes, changed, { signal })
  }

  // CreateCSINode
  async #createCsiNode(signal: AbortSignal): Promise<CSINode> {
    const { metadata } = await this.#client.get(nodes, this.#name, { signal })
    const owner = { apiVersion: 'v1', kind: 'Node', name: this.#name, uid: metadata.uid ?? '' }
    const csiNode: CSINode = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: this.#name, ownerReferences: [owner] },
      spec: { drivers: [] },
    }
    return this.#client.create(csiNodes, csiNode, { signal })
  }
}
