import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { readFileSystem, readMachineUsage } from './machine.ts'
import { byPod, nanoCores, type Usage } from './usage.ts'

export interface CollectorOptions {
  nodeName: string
  rootDir: string
  memoryBytes: number
  cpus: number
  runtime: RuntimeService
  clock: Clock
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

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** Rejects with the runtime's error when it is away. */
  async collect(signal: AbortSignal): Promise<Usage> {
    const { nodeName, rootDir, memoryBytes, cpus, runtime, clock, pods } = this.#options
    const [machine, nodeFs, imageFs, all] = await Promise.all([
      readMachineUsage(),
      readFileSystem(rootDir),
      runtime.imageFsPath(signal).then(readFileSystem),
      runtime.containerStats({}, signal),
    ])
    const time = clock.now()
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
      nodeName,
      time,
      bootTime: time - machine.uptimeSeconds * 1000,
      node: { ...machine, cpuNanoCores: rate(node) },
      memoryCapacityBytes: memoryBytes,
      cpus,
      nodeFs,
      imageFs,
      pods: byPod(pods(), measured),
    }
  }
}

// no container has such an id
const node = '/'
