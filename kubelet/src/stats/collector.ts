import { stat } from 'node:fs/promises'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { readFileSystem, readMachineUsage } from './machine.ts'
import type { PodSizes } from './sizes.ts'
import { byPod, cpuRate, type CpuReading, type NodeUsage, type Usage } from './usage.ts'

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

/** Measures what the node and its Pods use, when somebody asks. */
export class StatsCollector {
  readonly #options: CollectorOptions
  /** The readings before, by container id; the node's by `node`. They tell how fast the CPU is used. */
  #before: ReadonlyMap<string, CpuReading> = new Map()
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
    const before = this.#before
    const bases = new Map<string, CpuReading>()
    const rate = (key: string, at: number, cpu: number): number | undefined => {
      const { nanoCores, base } = cpuRate(before.get(key), { at, cpu })
      bases.set(key, base)
      return nanoCores
    }
    const measured = all.map((one) => ({
      ...one,
      cpuNanoCores: rate(one.containerId, one.timestamp, one.cpuUsageNanoSeconds),
    }))
    const cpuNanoCores = rate(node, time, machine.cpuNanoSeconds)
    this.#before = bases
    return {
      ...ofNode,
      nodeName,
      bootTime: time - machine.uptimeSeconds * 1000,
      node: { ...machine, cpuNanoCores },
      cpus,
      pods: byPod(pods(), measured, (uid) => sizes.of(uid)),
    }
  }
}

// no container has such an id
const node = '/'
