// Which CPUs to take of those that are free: pure. pkg/kubelet/cm/cpumanager/cpu_assignment.go takeByTopologyNUMAPacked
import { sortedCpus, type CpuSet } from './cpuset.ts'
import { perPlace, type CpuPlace, type Topology } from './topology.ts'

type Level = keyof CpuPlace

/**
 * Takes so many of the free CPUs, as close together as can be: whole sockets and NUMA nodes (the larger of the two first),
 * then whole cores, then what is left in the places that have the least.
 * @throws Error when there are not enough
 */
export function takeByTopology(topology: Topology, free: CpuSet, count: number): CpuSet {
  if (count < 1) return new Set()
  if (count > free.size) throw notEnough(count, free.size)
  const taking = new Taking(topology, free, count)
  for (const level of taking.levels) taking.takeWhole(level)
  taking.takeRest()
  return taking.taken
}

export const notEnough = (count: number, free: number): Error =>
  new Error(`not enough cpus available to satisfy request: requested=${count}, available=${free}`)

/** The NUMA nodes with something free, the least first. */
// sortAvailableNUMANodes
export const sortedNodes = (topology: Topology, free: CpuSet): number[] => new Taking(topology, free, 0).sorted('numa')

class Taking {
  readonly levels: readonly Level[]
  readonly taken = new Set<number>()
  readonly #topology: Topology
  readonly #free: Set<number>
  readonly #count: number

  constructor(topology: Topology, free: CpuSet, count: number) {
    this.#topology = topology
    this.#free = new Set(free)
    this.#count = count
    const sockets = this.#ids('socket', topology.keys()).length
    const nodes = this.#ids('numa', topology.keys()).length
    this.levels = sockets >= nodes ? ['numa', 'socket', 'core'] : ['socket', 'numa', 'core']
  }

  get #missing(): number {
    return this.#count - this.taken.size
  }

  /** Takes the places of which all is free, as long as no less than all of one is missing. */
  takeWhole(level: Level): void {
    const whole = this.sorted(level).filter((id) => {
      const size =
        level === 'numa' ? this.#in(level, id, this.#topology.keys()).length : perPlace(this.#topology, level)
      return this.#in(level, id, this.#free).length === size
    })
    for (const id of whole) {
      const cpus = this.#in(level, id, this.#topology.keys())
      if (this.#missing < cpus.length || this.#missing === 0) continue
      for (const cpu of cpus) this.#take(cpu)
    }
  }

  takeRest(): void {
    const cpus = this.sorted('core').flatMap((core) => this.#in('core', core, this.#free))
    for (const cpu of cpus.slice(0, this.#missing)) this.#take(cpu)
  }

  #take(cpu: number): void {
    this.taken.add(cpu)
    this.#free.delete(cpu)
  }

  #place(cpu: number): CpuPlace {
    return this.#topology.get(cpu) ?? { core: cpu, socket: 0, numa: 0 }
  }

  #in(level: Level, id: number, cpus: Iterable<number>): number[] {
    return sortedCpus(new Set(cpus)).filter((cpu) => this.#place(cpu)[level] === id)
  }

  #ids(level: Level, cpus: Iterable<number>): number[] {
    return [...new Set([...cpus].map((cpu) => this.#place(cpu)[level]))]
  }

  /** The places with something free, the least first: sorted in the first level, and in each of those in the next. */
  sorted(level: Level): number[] {
    const above = this.levels[this.levels.indexOf(level) - 1]
    const groups = above ? this.sorted(above).map((id) => this.#in(above, id, this.#free)) : [[...this.#free]]
    const size = (id: number): number => this.#in(level, id, this.#free).length
    return groups.flatMap((cpus) => this.#ids(level, cpus).sort((a, b) => size(a) - size(b) || a - b))
  }
}
