import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Container, ContainerPlaces, RuntimeService } from '../runtime/types.ts'
import { isRuntimeNotFound } from '../runtime/types.ts'
import { diskUsage, type DiskUsage } from './disk-usage.ts'
import { readFileSystem, type FileSystemUsage } from './machine.ts'

/** What a container takes on the disk beside its image. Times are milliseconds since the epoch. */
export interface ContainerSizes {
  id: string
  name: string
  podUid: string
  at: number
  rootfs: DiskUsage | undefined
  logs: DiskUsage | undefined
}

/** What a volume takes, and the file system it is on. */
export interface VolumeSize extends FileSystemUsage {
  at: number
  name: string
  /** The claim that it is of, in the Pod's namespace. */
  claim?: string
}

/** What a Pod takes on the disk, as far as it is measured. */
export interface PodSizes {
  containers: readonly ContainerSizes[]
  volumes: readonly VolumeSize[]
  hostsFile: DiskUsage | undefined
}

/** A volume of a Pod that can be measured. */
export interface MeasuredVolume {
  name: string
  claim?: string
  /** What it takes, and the file system it is on; undefined when that cannot be told now. */
  measure(signal: AbortSignal): Promise<FileSystemUsage | undefined>
}

interface SizeOptions {
  runtime: RuntimeService
  clock: Clock
  log: Logger
  /** How often volumes are measured, in milliseconds; not at all when it is not positive. */
  volumePeriodMs: number
  pods(): readonly Pod[]
  volumesOf(pod: Pod): readonly MeasuredVolume[]
  /** A file that the kubelet made for the Pod. */
  hostsFile(podUid: string): string
}

// containerd's stats_collect_period
const containerPeriodMs = 10_000

/**
 * Measures what containers and volumes take on the disk, one after the other and again and again: a walk through all
 * their files is too slow for whoever asks. What it tells is the measurement before.
 */
// pkg/kubelet/server/stats/volume_stat_calculator.go
export class SizeTracker {
  readonly #options: SizeOptions
  readonly #places = new Map<string, ContainerPlaces>()
  #containers: readonly ContainerSizes[] = []
  #volumes: ReadonlyMap<string, readonly VolumeSize[]> = new Map()
  #hosts: ReadonlyMap<string, DiskUsage> = new Map()

  constructor(options: SizeOptions) {
    this.#options = options
  }

  /** What is known of a Pod now. */
  of(podUid: string): PodSizes {
    return {
      containers: this.#containers.filter((one) => one.podUid === podUid),
      volumes: this.#volumes.get(podUid) ?? [],
      hostsFile: this.#hosts.get(podUid),
    }
  }

  /** Measures until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { volumePeriodMs } = this.#options
    const volumes = volumePeriodMs > 0 ? this.#every(volumePeriodMs, () => this.#measureVolumes(signal), signal) : []
    await Promise.all([this.#every(containerPeriodMs, () => this.#measureContainers(signal), signal), volumes])
  }

  async #every(ms: number, measure: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      await measure().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: String(error) }, 'sizes could not be measured')
      })
      await clock.sleep(ms, signal).catch(() => undefined)
    }
  }

  async #measureContainers(signal: AbortSignal): Promise<void> {
    const { runtime } = this.#options
    const all = await runtime.listContainers({}, signal)
    const running = all.filter(({ state }) => state === 'CONTAINER_RUNNING')
    const found: ContainerSizes[] = []
    for (const one of running) {
      const sizes = await this.#sizesOf(one, signal)
      if (sizes) found.push(sizes)
    }
    this.#containers = found
    const known = new Set(running.map(({ id }) => id))
    for (const id of this.#places.keys()) if (!known.has(id)) this.#places.delete(id)
  }

  /** undefined when the container is gone. */
  async #sizesOf({ id, name, pod }: Container, signal: AbortSignal): Promise<ContainerSizes | undefined> {
    const { runtime, clock } = this.#options
    let places = this.#places.get(id)
    try {
      places ??= await runtime.containerPlaces(id, signal)
    } catch (error) {
      if (isRuntimeNotFound(error)) return undefined
      throw error
    }
    const { rootfs, log } = places
    // what is a place stays one, what is a number is only of now
    if (typeof rootfs === 'string') this.#places.set(id, places)
    const layer = typeof rootfs === 'string' ? await diskUsage(rootfs, signal) : sizeAlone(rootfs)
    const logs = log === undefined ? undefined : await logUsage(log, signal)
    return { id, name, podUid: pod.uid, at: clock.now(), rootfs: layer, logs }
  }

  async #measureVolumes(signal: AbortSignal): Promise<void> {
    const { clock, pods, volumesOf, hostsFile } = this.#options
    const volumes = new Map<string, VolumeSize[]>()
    const hosts = new Map<string, DiskUsage>()
    for (const pod of pods()) {
      const { uid = '' } = pod.metadata
      const sizes: VolumeSize[] = []
      for (const { measure, ...about } of volumesOf(pod)) {
        // a driver that does not answer tells nothing
        const usage = await measure(signal).catch(() => undefined)
        signal.throwIfAborted()
        if (usage) sizes.push({ ...usage, ...about, at: clock.now() })
      }
      volumes.set(uid, sizes)
      const file = await diskUsage(hostsFile(uid), signal)
      if (file) hosts.set(uid, file)
    }
    this.#volumes = volumes
    this.#hosts = hosts
  }
}

/** What a folder takes of the file system that it is on; undefined when it is not there. */
// pkg/volume/metrics_du.go
export async function folderUsage(place: string, signal: AbortSignal): Promise<FileSystemUsage | undefined> {
  const used = await diskUsage(place, signal)
  return used && { ...(await readFileSystem(place)), ...used }
}

function sizeAlone(bytes: number | undefined): DiskUsage | undefined {
  return bytes === undefined ? undefined : { usedBytes: bytes, inodesUsed: 0 }
}

/** A log together with what was rotated away of it. */
async function logUsage(file: string, signal: AbortSignal): Promise<DiskUsage> {
  const folder = path.dirname(file)
  const names = await readdir(folder).catch(() => [])
  const total = { usedBytes: 0, inodesUsed: 0 }
  for (const name of names.filter((one) => one.startsWith(path.basename(file)))) {
    const one = await diskUsage(path.join(folder, name), signal)
    total.usedBytes += one?.usedBytes ?? 0
    total.inodesUsed += one?.inodesUsed ?? 0
  }
  return total
}
