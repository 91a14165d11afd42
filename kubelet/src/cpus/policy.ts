// Who gets CPUs of their own: pure. pkg/kubelet/cm/cpumanager/policy_static.go, policy_options.go
import { podQOS } from '@kubets/shared/api/pod.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { takeDistributed } from './distribute.ts'
import { cpuSetText, sameCpus, type CpuSet } from './cpuset.ts'
import type { CpuState } from './state.ts'
import { takeByTopology } from './take.ts'
import { allCpus, cpusPerCore, type Topology } from './topology.ts'

export interface PolicyOptions {
  /** Whole cores only, so that nobody else computes on the other half of one. */
  fullPhysicalCpusOnly: boolean
  /** Nobody at all is on the reserved CPUs. */
  strictReservation: boolean
  /** As many of each NUMA node, where one does not have enough. */
  distributeAcrossNuma: boolean
}

const known: Readonly<Record<string, keyof PolicyOptions>> = {
  'full-pcpus-only': 'fullPhysicalCpusOnly',
  'strict-cpu-reservation': 'strictReservation',
  'distribute-cpus-across-numa': 'distributeAcrossNuma',
}
const alpha = ['align-by-socket', 'distribute-cpus-across-cores']
const missing = ['prefer-align-cpus-by-uncorecache']

/** The options by their names. Throws an Error for one that nobody knows, or that this kubelet does not have. */
// policy_options.go NewStaticPolicyOptions, CheckPolicyOptionAvailable
export function policyOptions(given: Readonly<Record<string, string>>): PolicyOptions {
  const options = { fullPhysicalCpusOnly: false, strictReservation: false, distributeAcrossNuma: false }
  for (const [name, value] of Object.entries(given)) {
    const quoted = JSON.stringify(name)
    if (alpha.includes(name)) {
      throw new Error(`CPU Manager Policy Alpha-level Options not enabled, but option ${quoted} provided`)
    }
    if (missing.includes(name)) throw new Error(`CPU Manager Policy option ${quoted} is not supported by this kubelet`)
    const option = Object.hasOwn(known, name) ? known[name] : undefined
    if (option === undefined) throw new Error(`unknown CPU Manager Policy option: ${quoted}`)
    const parsed = /^(?:(1|t|T|TRUE|true|True)|0|f|F|FALSE|false|False)$/.exec(value)
    if (!parsed) {
      const why = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`
      throw new Error(`bad value for option ${quoted}: ${why}`)
    }
    options[option] = parsed[1] !== undefined
  }
  return options
}

/** Why a Pod gets no CPUs, where upstream has a name of its own for that. */
export class CpuError extends Error {
  readonly reason: string

  constructor(reason: string, message: string) {
    super(message)
    this.name = 'CpuError'
    this.reason = reason
  }
}

/** What does not change while the kubelet runs. */
export interface StaticPolicy {
  topology: Topology
  reserved: CpuSet
  options: PolicyOptions
}

/**
 * @param count how many CPUs are kept for the system: the lowest cores, where `named` names none
 * @throws Error when the named ones are not as many
 */
// NewStaticPolicy
export function staticPolicy(topology: Topology, count: number, named: CpuSet, options: PolicyOptions): StaticPolicy {
  const reserved = named.size > 0 ? named : takeByTopology(topology, allCpus(topology), count)
  if (reserved.size !== count) {
    const sizes = `(size of ${cpuSetText(reserved)} did not equal ${count})`
    throw new Error(`[cpumanager] unable to reserve the required amount of CPUs ${sizes}`)
  }
  return { topology, reserved, options }
}

/** The state to begin with, of what was written down. Throws an Error when that does not fit the machine. */
// validateState
export function startState({ topology, reserved, options }: StaticPolicy, state: CpuState): CpuState {
  const { shared, assignments } = state
  const usable = options.strictReservation ? allCpus(topology).difference(reserved) : allCpus(topology)
  if (shared.size === 0) {
    if (assignments.size > 0) throw new Error('default cpuset cannot be empty')
    return { shared: usable, assignments }
  }
  const [kept, given] = [cpuSetText(reserved), cpuSetText(shared)]
  if (options.strictReservation && !reserved.isDisjointFrom(shared)) {
    throw new Error(`some of strictly reserved cpus: "${kept}" are present in defaultCpuSet: "${given}"`)
  }
  if (!options.strictReservation && !reserved.isSubsetOf(shared)) {
    throw new Error(`not all reserved cpus: "${kept}" are present in defaultCpuSet: "${given}"`)
  }
  let all: CpuSet = shared
  for (const [uid, of] of assignments) {
    for (const [name, cpus] of of) {
      if (!shared.isDisjointFrom(cpus)) {
        const whose = `pod: ${uid}, container: ${name} cpuset: "${cpuSetText(cpus)}"`
        throw new Error(`${whose} overlaps with default cpuset "${given}"`)
      }
      all = all.union(cpus)
    }
  }
  if (!sameCpus(all, usable)) {
    const now = `current set of available CPUs "${cpuSetText(usable)}"`
    throw new Error(`${now} doesn't match with CPUs in state "${cpuSetText(all)}"`)
  }
  return state
}

/** How many CPUs a container has for itself alone; 0 when it shares. */
// guaranteedCPUs
export function exclusiveCpus(pod: Pod, container: Container): number {
  if (podQOS(pod) !== 'Guaranteed') return 0
  const milli = parseQuantity(container.resources?.requests?.['cpu'] ?? '0').milliValue()
  return milli % 1000 === 0 ? milli / 1000 : 0
}

/** The state after a Pod's containers got what they need. Throws an Error when they cannot. */
// Allocate, updateCPUsToReuse
export function allocate(policy: StaticPolicy, state: CpuState, pod: Pod): CpuState {
  const { uid = '' } = pod.metadata
  const mine = new Map(state.assignments.get(uid))
  let shared = state.shared
  // what an init container had, those after it may have
  let reusable: CpuSet = new Set()
  const { initContainers = [], containers } = pod.spec
  for (const container of [...initContainers, ...containers]) {
    const count = exclusiveCpus(pod, container)
    if (count === 0) continue
    checkAlignment(policy, shared, count)
    let cpus = mine.get(container.name)
    if (!cpus) {
      cpus = take(policy, shared.difference(policy.reserved).union(reusable), count)
      shared = shared.difference(cpus)
      mine.set(container.name, cpus)
    }
    const ends = initContainers.includes(container) && container.restartPolicy !== 'Always'
    reusable = ends ? reusable.union(cpus) : reusable.difference(cpus)
  }
  if (mine.size === 0) return state
  return { shared, assignments: new Map(state.assignments).set(uid, mine) }
}

// policy_static.go takeByTopology
function take({ topology, options }: StaticPolicy, free: CpuSet, count: number): CpuSet {
  if (!options.distributeAcrossNuma) return takeByTopology(topology, free, count)
  const group = options.fullPhysicalCpusOnly ? cpusPerCore(topology) : 1
  return takeDistributed(topology, free, count, group)
}

// SMTAlignmentError
function checkAlignment({ topology, reserved, options }: StaticPolicy, shared: CpuSet, count: number): void {
  if (!options.fullPhysicalCpusOnly) return
  const perCore = cpusPerCore(topology)
  const failed = (why: string): Error => new CpuError('SMTAlignmentError', `SMT Alignment Error: ${why}`)
  if (count % perCore !== 0) throw failed(`requested ${count} cpus not multiple cpus per core = ${perCore}`)
  const coreOf = (cpu: number): number => topology.get(cpu)?.core ?? cpu
  // a core of which a part is reserved is nobody's as a whole
  const partly = new Set([...reserved].map(coreOf))
  const available = [...shared.difference(reserved)].filter((cpu) => !partly.has(coreOf(cpu))).length
  if (count <= available) return
  const amounts = `available physical CPUs = ${available}, requested CPUs = ${count}, CPUs per core = ${perCore}`
  throw failed(`not enough free physical CPUs: ${amounts}`)
}

/** The state without what Pods and containers have that are not among these. */
// RemoveContainer, cpu_manager.go removeStaleState
export function released(state: CpuState, pods: readonly Pod[]): CpuState {
  const named = new Map(
    pods.map(({ metadata: { uid = '' }, spec }) => [
      uid,
      new Set([...(spec.initContainers ?? []), ...spec.containers].map((one) => one.name)),
    ]),
  )
  const assignments = new Map<string, ReadonlyMap<string, CpuSet>>()
  let [free, taken]: [CpuSet, CpuSet] = [new Set(), new Set()]
  for (const [uid, of] of state.assignments) {
    const left = new Map([...of].filter(([name]) => named.get(uid)?.has(name)))
    if (left.size > 0) assignments.set(uid, left)
    for (const [name, cpus] of of) {
      if (left.has(name)) taken = taken.union(cpus)
      else free = free.union(cpus)
    }
  }
  if (free.size === 0) return state
  return { shared: state.shared.union(free.difference(taken)), assignments }
}
