import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { podQOS } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { Rejection } from '../pods/admission.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { cpuSetText, type CpuSet } from './cpuset.ts'
import { allocate, CpuError, exclusiveCpus, policyOptions, released, startState, staticPolicy } from './policy.ts'
import type { StaticPolicy } from './policy.ts'
import { emptyState, parseState, stateText, type CpuState } from './state.ts'
import { allCpus, type Topology } from './topology.ts'

export interface CpuManagerOptions {
  topology: Topology
  /** none or static (--cpu-manager-policy). */
  policy: string
  policyOptions: Readonly<Record<string, string>>
  /** How often containers are brought to the CPUs they should be on. */
  reconcileMs: number
  /** How many CPUs are kept from Pods, in thousandths. */
  reservedMilli: number
  /** Which ones these are; empty for the lowest cores. */
  reserved: CpuSet
  rootDir: string
  runtime: Pick<RuntimeService, 'listContainers' | 'updateContainerResources'>
  /** The Pods that have not ended; undefined while not all are known. */
  occupied(): readonly Pod[] | undefined
  clock: Clock
  log: Logger
}

const fileName = 'cpu_manager_state'

/** Gives containers CPUs that nobody else is on, and keeps the others on the rest. */
// pkg/kubelet/cm/cpumanager/cpu_manager.go
export class CpuManager {
  readonly #options: CpuManagerOptions
  readonly #policy: StaticPolicy | undefined
  readonly #file: string
  #state: CpuState
  #writing: Promise<void> = Promise.resolve()
  /** What running containers were last told, by their id. */
  readonly #told = new Map<string, string>()

  private constructor(options: CpuManagerOptions, policy: StaticPolicy | undefined, state: CpuState) {
    this.#options = options
    this.#policy = policy
    this.#state = state
    this.#file = path.join(options.rootDir, fileName)
  }

  /** Begins with what was written down. Rejects when that, or a setting, does not fit the machine. */
  // NewManager, Start
  static async open(options: CpuManagerOptions): Promise<CpuManager> {
    const policy = policyOf(options)
    const before = await readState(options)
    const state = policy ? startState(policy, before) : before
    const manager = new CpuManager(options, policy, state)
    await manager.#write()
    return manager
  }

  /** Whether there is something to allocate for the Pod. */
  wants(pod: Pod): boolean {
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    return this.#policy !== undefined && all.some((one) => exclusiveCpus(pod, one) > 0)
  }

  /** Gives a Pod's containers what they ask for; answers why it cannot. */
  // Allocate, topologymanager/scope_none.go Admit
  async allocate(pod: Pod): Promise<Rejection | undefined> {
    if (!this.#policy) return undefined
    this.#release()
    try {
      this.#state = allocate(this.#policy, this.#state, pod)
    } catch (error) {
      const { message } = error as Error
      if (error instanceof CpuError) return { reason: error.reason, message }
      const unexpected = `Allocate failed due to ${message}, which is unexpected`
      return { reason: 'UnexpectedAdmissionError', message: unexpected }
    } finally {
      await this.#write()
    }
    return undefined
  }

  /** The CPUs that a container is on, as Linux writes them; '' where it may be on any. */
  // GetCPUAffinity
  affinity(podUid: string, container: string): string {
    return cpuSetText(this.#own(podUid, container) ?? this.#state.shared)
  }

  /** The CPUs that a container has alone. */
  exclusive(podUid: string, container: string): CpuSet {
    return this.#own(podUid, container) ?? new Set()
  }

  /** The CPUs that containers may have alone. */
  // GetAllocatableCPUs
  allocatable(): CpuSet {
    return this.#policy ? allCpus(this.#policy.topology).difference(this.#policy.reserved) : new Set()
  }

  /** Whether a container of the Pod has CPUs alone: these need no other limit. */
  // pkg/kubelet/cm/container_manager_linux.go PodHasExclusiveCPUs
  hasExclusive(podUid: string): boolean {
    return this.#state.assignments.has(podUid)
  }

  /** Why a running Pod cannot have other amounts of CPU; undefined when that is not for its CPUs. */
  // pkg/kubelet/allocation/allocation_manager.go canResizePod
  resizeRefusal(granted: Pod, wanted: Pod): Rejection | undefined {
    if (!this.#policy || !changesPinned(granted, wanted)) return undefined
    const message = `Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"`
    return { reason: 'Infeasible', message }
  }

  /** Keeps containers where they should be, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, reconcileMs, log } = this.#options
    if (!this.#policy) return
    while (!signal.aborted) {
      await this.reconcile(signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: String(error) }, 'CPUs of containers could not be looked through')
      })
      await clock.sleep(reconcileMs, signal).catch(() => undefined)
    }
  }

  /** Takes back what Pods had that have ended, and tells containers which CPUs are theirs now. */
  // reconcileState
  async reconcile(signal: AbortSignal): Promise<void> {
    const { runtime, log } = this.#options
    if (this.#release()) await this.#write()
    const containers = await runtime.listContainers({}, signal)
    const running = containers.filter((one) => one.state === 'CONTAINER_RUNNING')
    for (const { id, pod, name } of running) {
      const cpusetCpus = this.affinity(pod.uid, name)
      if (cpusetCpus === '' || this.#told.get(id) === cpusetCpus) continue
      try {
        await runtime.updateContainerResources(id, { cpusetCpus }, signal)
        this.#told.set(id, cpusetCpus)
      } catch (error) {
        signal.throwIfAborted()
        const facts = { pod: pod.name, container: name, cpus: cpusetCpus, error: (error as Error).message }
        log.warn(facts, 'failed to update container')
      }
    }
    const ids = new Set(running.map((one) => one.id))
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id)
  }

  #own(podUid: string, container: string): CpuSet | undefined {
    return this.#state.assignments.get(podUid)?.get(container)
  }

  // removeStaleState
  #release(): boolean {
    const before = this.#state
    const pods = this.#options.occupied()
    if (pods) this.#state = released(before, pods)
    return this.#state !== before
  }

  // one after the other, so that the last is what stays
  #write(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        await writeFile(`${this.#file}.new`, stateText(this.#options.policy, this.#state), { mode: 0o600 })
        await rename(`${this.#file}.new`, this.#file)
      })
    return this.#writing
  }
}

function policyOf(options: CpuManagerOptions): StaticPolicy | undefined {
  const { topology, policy, policyOptions: given, reservedMilli, reserved } = options
  if (policy === 'none') {
    const unsupported = Object.entries(given).map(([name, value]) => `${name}:${value}`)
    if (unsupported.length === 0) return undefined
    const map = `map[${unsupported.join(' ')}]`
    throw new Error(`new none policy error: None policy: received unsupported options=${map}`)
  }
  if (policy !== 'static') throw new Error(`unknown policy: ${JSON.stringify(policy)}`)
  if (reservedMilli === 0) {
    const needs = 'the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero'
    throw new Error(`[cpumanager] ${needs}`)
  }
  try {
    const count = Math.ceil(reservedMilli / 1000)
    return staticPolicy(topology, count, reserved, policyOptions(given))
  } catch (error) {
    throw new Error(`new static policy error: ${(error as Error).message}`)
  }
}

// state/state_checkpoint.go NewCheckpointState
async function readState({ policy, rootDir }: CpuManagerOptions): Promise<CpuState> {
  const file = path.join(rootDir, fileName)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return emptyState
  try {
    return parseState(policy, text)
  } catch (error) {
    const what = `could not restore state from checkpoint: ${(error as Error).message}`
    const cure = `please drain this node and delete the CPU manager checkpoint file ${JSON.stringify(file)}`
    throw new Error(`${what}, ${cure} before restarting Kubelet`)
  }
}

// allocation_manager.go guaranteedPodResourceResizeRequired
function changesPinned(granted: Pod, wanted: Pod): boolean {
  const amounts = ({ spec }: Pod): string[] =>
    [...(spec.initContainers ?? []), ...spec.containers].map((one) => one.resources?.requests?.['cpu'] ?? '0')
  const before = amounts(granted)
  return podQOS(wanted) === 'Guaranteed' && amounts(wanted).some((cpu, i) => !sameAmount(cpu, before[i] ?? '0'))
}

const sameAmount = (a: string, b: string): boolean => parseQuantity(a).cmp(parseQuantity(b)) === 0
