import { readFile } from 'node:fs/promises'
import type { ContainerInfo, ContainerStats } from 'dockerode'
import type { Hierarchy } from '../../cgroups/hierarchy.ts'
import { readableCgroups } from '../../cgroups/open.ts'
import { findUsageFiles, isGone, memoryUsage, readUsage, type UsageFiles } from '../../cgroups/usage.ts'
import { Slots } from '../../slots.ts'
import type { PodFilter, RuntimeStats } from '../types.ts'
import { isRuntimeNotFound } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { interfacesOf } from './interfaces.ts'
import { labelNames, readLabels, type OwnLabels } from './naming.ts'
import { listOurs } from './sandbox.ts'

// Docker 20.10 answers after its next look at all containers, up to a second later, so all of a full node (110 Pods, two
// containers each) ask at once; whoever asks beside them waits
const atOnce = 256

/**
 * Measures containers: by the kernel's files, as cAdvisor does, where the machine's cgroups are to be seen, else by asking
 * Docker for each.
 */
export class ContainerMeter {
  readonly #context: DockerContext
  readonly #hierarchy: () => Promise<Hierarchy>
  readonly #slots = new Slots(atOnce)
  #cgroups: Promise<Hierarchy | undefined> | undefined
  /** By container id: a container stays in its cgroup. */
  readonly #files = new Map<string, UsageFiles>()

  /** @param hierarchy finds the machine's cgroups; rejects where they cannot be seen */
  constructor(context: DockerContext, hierarchy = readableCgroups) {
    this.#context = context
    this.#hierarchy = hierarchy
  }

  /**
   * What the running containers and sandboxes use. Rejects as a whole: with Docker's error, or with Timeout when all of it
   * together takes longer than a read may.
   */
  measure(filter: PodFilter, signal: AbortSignal): Promise<RuntimeStats[]> {
    const context = this.#context
    return call(context, signal, limits.read, async (limit) => {
      const found = await listOurs(context, filter.podUid ? { [labelNames.podUid]: filter.podUid } : {}, limit)
      const running = found.filter((info) => info.State === 'running')
      if (!filter.podUid) this.#forgetAllBut(running)
      const all = running.map((info) => this.#slots.take(() => this.#statsOf(info, limit)))
      return (await Promise.all(all)).filter((one) => one !== undefined)
    })
  }

  #forgetAllBut(running: readonly ContainerInfo[]): void {
    const ids = new Set(running.map((info) => info.Id))
    for (const id of this.#files.keys()) if (!ids.has(id)) this.#files.delete(id)
  }

  /** undefined when the container is not ours, or has ended meanwhile. */
  async #statsOf(info: ContainerInfo, signal: AbortSignal): Promise<RuntimeStats | undefined> {
    const own = readLabels(info.Labels)
    if (!own) return undefined
    try {
      const files = await this.#filesOf(info.Id, signal)
      return files ? await this.#fromKernel(info, own, files) : await this.#fromDocker(info, own, signal)
    } catch (error) {
      if (isRuntimeNotFound(error) || isGone(error)) return undefined
      throw error
    }
  }

  /** undefined where they cannot be seen, as those of an engine in a virtual machine. */
  async #filesOf(id: string, signal: AbortSignal): Promise<UsageFiles | undefined> {
    const known = this.#files.get(id)
    const cgroups = known ?? (await (this.#cgroups ??= this.#hierarchy().catch(() => undefined)))
    if (known || !cgroups) return known
    const { State } = await call(this.#context, signal, limits.read, (abortSignal) =>
      this.#context.docker.getContainer(id).inspect({ abortSignal }),
    )
    const files = State.Pid > 0 ? await findUsageFiles(cgroups as Hierarchy, State.Pid, id) : undefined
    if (files) this.#files.set(id, files)
    return files
  }

  async #fromKernel(info: ContainerInfo, own: OwnLabels, files: UsageFiles): Promise<RuntimeStats> {
    const timestamp = this.#context.clock.now()
    const hasNetwork = own.type === 'podsandbox' && info.HostConfig.NetworkMode !== 'host'
    const [usage, network] = await Promise.all([readUsage(files), hasNetwork ? readInterfaces(files.procs) : []])
    return { ...identityOf(info, own), timestamp, ...usage, network }
  }

  async #fromDocker(info: ContainerInfo, own: OwnLabels, signal: AbortSignal): Promise<RuntimeStats | undefined> {
    const answer = await call(this.#context, signal, limits.read, (abortSignal) => {
      const options = { stream: false, 'one-shot': true, abortSignal } as const
      return this.#context.docker.getContainer(info.Id).stats(options)
    })
    return readStats(info, own, answer)
  }
}

/** What went through the network that the processes of a cgroup have. */
async function readInterfaces(procs: string) {
  const pid = Number((await readFile(procs, 'utf8')).split('\n')[0])
  return interfacesOf(await readFile(`/proc/${String(pid)}/net/dev`, 'utf8'))
}

function identityOf(info: ContainerInfo, own: OwnLabels) {
  return {
    containerId: info.Id,
    name: own.container,
    runtimeName: info.Names[0]?.slice(1) ?? '',
    image: info.Image,
    // to the second; asking for more would be a call for each
    startedAt: info.Created * 1000,
    pod: own.pod,
    isSandbox: own.type === 'podsandbox',
  }
}

/**
 * What Docker's answer to `GET /containers/{id}/stats` says of a container with the given labels; undefined of one that
 * has ended meanwhile: of such a one there is an answer with no time, or, where it was removed while Docker measured,
 * an empty body (moby daemon/stats.go ContainerStats), which the client gives as an empty buffer.
 */
export function readStats(
  info: ContainerInfo,
  own: OwnLabels,
  answer: ContainerStats | Buffer,
): RuntimeStats | undefined {
  if (Buffer.isBuffer(answer) || answer.read.startsWith('0001')) return undefined
  const memory = answer.memory_stats
  const detail = memory.stats as unknown as Record<string, number | undefined> | undefined
  const networks = Object.entries((answer.networks as typeof answer.networks | undefined) ?? {})
  return {
    ...identityOf(info, own),
    timestamp: Date.parse(answer.read),
    cpuUsageNanoSeconds: answer.cpu_stats.cpu_usage.total_usage,
    ...memoryUsage(memory.usage ?? 0, detail ?? {}),
    processes: answer.pids_stats?.current ?? 0,
    network: networks.map(([name, net]) => ({
      name,
      rxBytes: net.rx_bytes,
      rxErrors: net.rx_errors,
      txBytes: net.tx_bytes,
      txErrors: net.tx_errors,
    })),
  }
}
