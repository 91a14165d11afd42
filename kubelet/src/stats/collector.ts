import { stat } from 'node:fs/promises'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { readFileSystem, readMachineUsage } from './machine.ts'
import type { PodSizes } from './sizes.ts'
import { byPod, nanoCores, type NodeUsage, type Usage } from './usage.ts'

export interface CollectorOptions {
  nodeName: string
  rootDir: string
  memoryBytes: number
  /** What of it all Pods together may have. */
  memoryForPodsBytes: number
  cpus: number
  runtime: RuntimeService
  clock: Clock
  sizes: { of(podUid: string): PodSizes }
  pods(): readonly Pod[]
}

interface Reading {
  at: number
  cpu: number
}

/** Measures what the node and its Pods use, when somebody asks. */
export class StatsCollector {
  readonly #options: CollectorOptions
  /** The readings before, by container id; the node's by `node`. They tell how fast the CPU is used. */
  #before: ReadonlyMap<string, Reading> = new Map()
  #imageFs: string | undefined

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** What the machine uses, without a look at its containers. Rejects with the runtime's error when it is away. */
  async node(signal: AbortSignal): Promise<NodeUsage> {
    const { rootDir, memoryBytes, memoryForPodsBytes, runtime, clock } = this.#options
    // asked for once: it does not move while it is in use
    this.#imageFs ??= await runtime.imageFsPath(signal)
    const [node, nodeFs, imageFs, ofNode, ofImages] = await Promise.all([
      readMachineUsage(),
      readFileSystem(rootDir),
      readFileSystem(this.#imageFs),
      stat(rootDir),
      stat(this.#imageFs),
    ])
    const imagesApart = ofNode.dev !== ofImages.dev
    return {
      time: clock.now(),
      node,
      memoryCapacityBytes: memoryBytes,
      memoryForPodsBytes,
      nodeFs,
      imageFs,
      imagesApart,
    }
  }

  /** Rejects with the runtime's error when it is away. */
  async collect(signal: AbortSignal): Promise<Usage> {
    const { nodeName, cpus, runtime, sizes, pods } = this.#options
    const [ofNode, all] = await Promise.all([this.node(signal), runtime.containerStats({}, signal)])
    const { time, node: machine } = ofNode
    const readings = new Map([[node, { at: time, cpu: machine.cpuNanoSeconds }]])
    for (const one of all) readings.set(one.containerId, { at: one.timestamp, cpu: one.cpuUsageNanoSeconds })
    const before = this.#before
    this.#before = readings
    const rate = (key: string): number | undefined => {
      const now = readings.get(key)
      return now && nanoCores(before.get(key), now)
    }
    const measured = all.map((one) => ({ ...one, cpuNanoCores: rate(one.containerId) }))
    return {
      ...ofNode,
      nodeName,
      bootTime: time - machine.uptimeSeconds * 1000,
      node: { ...machine, cpuNanoCores: rate(node) },
      cpus,
      pods: byPod(pods(), measured, (uid) => sizes.of(uid)),
    }
  }
}

// no container has such an id
const node = '/'
