import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type {
  AllocationResult,
  DeviceClass,
  DeviceSelector,
  ResourceClaim,
} from '@kubets/shared/api/types/resource-v1.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import type { Allocated } from './allocated-devices.ts'
import { allocationOf, type Chosen, type Picked } from './allocation.ts'
import { consumption, type Amounts } from './capacity.ts'
import { constraintOf, type Constraint } from './constraints.ts'
import { Counters } from './counters.ts'
import { poolsFor, type Candidate, type Pool, type Pools } from './pools.ts'
import { choicesOf, requestsOf, type Choice } from './requests.ts'
import { CompileError, selectorTakes } from './selectors.ts'

export interface AllocatorInput {
  readonly claims: readonly ResourceClaim[]
  /** Of all nodes. */
  readonly pools: Pools
  readonly deviceClass: (name: string) => DeviceClass | undefined
  readonly allocated: Allocated
  readonly node: Node
  /** Whether the search has taken too long. */
  readonly expired: () => boolean
  readonly newShareID: () => string
}

/** The claims cannot be had on this node; the reason may be of use to whoever looks after it. */
export class NodeError extends Error {}

/** How many devices a claim may have. */
// k8s.io/api/resource/v1/types.go AllocationResultsMaxSize
const maxDevices = 32
/** Taints that keep claims away; those with other effects tell only. */
const repelling = ['NoSchedule', 'NoExecute']

/**
 * Finds devices for all of the claims that can be reached from the node: all of them or none. Tries one device after
 * another until everything fits; pure.
 * @returns an allocation for each claim; undefined: there is none
 * @throws NodeError where something is wrong with what the node offers; another Error where something is wrong with a
 *   claim or a class
 */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go Allocate
export function allocate(input: AllocatorInput): AllocationResult[] | undefined {
  return new Search(input).run()
}

/** A choice with what is known of it before the search. */
interface Prepared {
  readonly choice: Choice
  readonly deviceClass: DeviceClass
  readonly count: number
  /** The very devices, where all are asked for. */
  readonly all: readonly Candidate[] | undefined
}

interface PreparedClaim {
  readonly claim: ResourceClaim
  /** The choices of each request. */
  readonly requests: readonly (readonly Prepared[])[]
  readonly constraints: readonly Constraint[]
  readonly picked: Picked[]
  /** The place in `requests` of the choice that was made. */
  readonly chosen: number[]
}

/** Where the search is; `tooMany`: the claim's devices would be too many, whatever else is tried before. */
type Found = boolean | 'tooMany'

class Search {
  readonly #input: AllocatorInput
  readonly #pools: readonly Pool[]
  /** Of pools that can be relied upon. */
  readonly #candidates: readonly Candidate[]
  readonly #claims: PreparedClaim[] = []
  readonly #counters: Counters
  readonly #matches = new Map<Choice, Map<string, boolean>>()
  /** Devices that are given to claims (by their place) in this search. */
  readonly #taken = new Map<string, Set<number>>()
  readonly #sharing = new Map<string, Amounts[]>()

  constructor(input: AllocatorInput) {
    this.#input = input
    this.#pools = poolsFor(input.pools, input.node)
    const usable = this.#pools.flatMap((pool) => (pool.isIncomplete || pool.isInvalid ? [] : pool.candidates))
    // a device that is there at once is better than one that is prepared first
    const takesTime = ({ device }: Candidate): number => (device.bindingConditions?.length ? 1 : 0)
    this.#candidates = usable.toSorted((one, other) => takesTime(one) - takesTime(other))
    const { allocated } = input
    this.#counters = new Counters((key) => allocated.has(key) || allocated.isShared(key))
  }

  run(): AllocationResult[] | undefined {
    for (const claim of this.#input.claims) this.#claims.push(this.#prepare(claim))
    if (this.#claim(0) !== true) {
      if (this.#pools.some(({ isInvalid }) => isInvalid)) throw new NodeError('invalid resource pools were encountered')
      return undefined
    }
    const { node, newShareID } = this.#input
    return this.#claims.map(({ claim, requests, picked, chosen }) => {
      const made = requests.flatMap((choices, i): Chosen[] => {
        const one = choices[chosen[i] ?? 0]
        return one ? [one] : []
      })
      return allocationOf(claim, picked, made, node.metadata.name ?? '', newShareID)
    })
  }

  #prepare(claim: ResourceClaim): PreparedClaim {
    const key = objectKey(claim)
    let fewest = 0
    const requests = requestsOf(claim).map((request) => {
      const choices = choicesOf(request).map((choice) => this.#prepareChoice(key, choice))
      if (choices.length === 0) throw new Error(`claim ${key}, request ${request.name}: unknown request type`)
      fewest += Math.min(...choices.map(({ count }) => count))
      return choices
    })
    if (fewest > maxDevices) {
      const limit = `exceeds the claim limit of ${maxDevices}`
      throw new Error(`claim ${key}: number of requested devices ${fewest} ${limit}`)
    }
    const constraints = (claim.spec.devices.constraints ?? []).map((one, i) => {
      const constraint = constraintOf(one)
      if (constraint) return constraint
      throw new Error(`claim ${key}, constraint #${i}: empty constraint (unsupported constraint type?)`)
    })
    return { claim, requests, constraints, picked: [], chosen: [] }
  }

  // dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go validateDeviceRequest
  #prepareChoice(claim: string, choice: Choice): Prepared {
    const { shortName, selectors, deviceClassName, allocationMode, count } = choice
    const wrong = (what: string): Error => new Error(`claim ${claim}, request ${shortName}${what}`)
    const unknown = selectors.findIndex(({ cel }) => !cel)
    if (unknown >= 0) throw wrong(`, selector #${unknown}: CEL expression empty (unsupported selector type?)`)
    if (!deviceClassName) throw wrong(': missing device class name (unsupported request type?)')
    const deviceClass = this.#input.deviceClass(deviceClassName)
    if (!deviceClass) {
      const missing = `deviceclass.resource.k8s.io "${deviceClassName}" not found`
      throw wrong(`: could not retrieve device class ${deviceClassName}: ${missing}`)
    }
    if (allocationMode === 'ExactCount') return { choice, deviceClass, count, all: undefined }
    if (allocationMode !== 'All') throw wrong(`: unsupported count mode ${allocationMode}`)
    const all = this.#pools.flatMap(({ id, isIncomplete, isInvalid, candidates }) => {
      const asks = ': asks for all devices, but resource pool'
      if (isIncomplete) throw wrong(`${asks} ${id} is currently being updated`)
      if (isInvalid) throw wrong(`${asks} ${id} is currently invalid`)
      return candidates.filter((candidate) => this.#isSelectable(claim, choice, deviceClass, candidate))
    })
    return { choice, deviceClass, count: all.length, all }
  }

  #isSelectable(claim: string, choice: Choice, deviceClass: DeviceClass, candidate: Candidate): boolean {
    const known = this.#matches.get(choice) ?? new Map<string, boolean>()
    this.#matches.set(choice, known)
    const before = known.get(candidate.key)
    if (before !== undefined) return before
    const matches =
      allTake(deviceClass.spec.selectors ?? [], candidate, `class ${deviceClass.metadata.name ?? ''}`) &&
      allTake(choice.selectors, candidate, `claim ${claim}`)
    known.set(candidate.key, matches)
    return matches
  }

  #claim(c: number): Found {
    return c >= this.#claims.length ? true : this.#request(c, 0)
  }

  #request(c: number, r: number): Found {
    if (this.#input.expired()) throw new NodeError('timed out trying to allocate devices')
    const { requests, chosen } = this.#claims[c] as PreparedClaim
    const choices = requests[r]
    if (!choices) {
      // another way to satisfy a request before may need fewer devices
      const found = this.#claim(c + 1)
      return found === 'tooMany' ? false : found
    }
    let allTooMany = true
    for (const [i, prepared] of choices.entries()) {
      chosen[r] = i
      const found = prepared.all?.length === 0 ? false : this.#device(c, r, prepared, 0, 0)
      if (found === true) return true
      if (found === false) allTooMany = false
    }
    return allTooMany ? 'tooMany' : false
  }

  /** @param d how many devices the request has already; @param from the first candidate that comes into question */
  #device(c: number, r: number, prepared: Prepared, d: number, from: number): Found {
    if (d >= prepared.count) return this.#request(c, r + 1)
    if (this.#input.expired()) throw new NodeError('timed out trying to allocate devices')
    const { claim, picked } = this.#claims[c] as PreparedClaim
    if (picked.length + prepared.count - d > maxDevices) return 'tooMany'
    const { choice, deviceClass, all } = prepared
    if (all) {
      const undo = this.#take(c, prepared, all[d] as Candidate)
      if (!undo) return false
      const found = this.#device(c, r, prepared, d + 1, 0)
      if (found !== true) undo()
      return found
    }
    if (this.#leftFor(c, choice, from) < prepared.count - d) return false
    const key = objectKey(claim)
    for (let i = from; i < this.#candidates.length; i++) {
      const candidate = this.#candidates[i] as Candidate
      if (!this.#isFree(c, choice, candidate) || !this.#isSelectable(key, choice, deviceClass, candidate)) continue
      const undo = this.#take(c, prepared, candidate)
      if (!undo) continue
      const found = this.#device(c, r, prepared, d + 1, i + 1)
      if (found === true) return true
      undo()
      if (found === 'tooMany') return found
    }
    return false
  }

  /** How many candidates there are from this one on that are not known to be of no use: too few need not be tried. */
  #leftFor(c: number, choice: Choice, from: number): number {
    const known = this.#matches.get(choice)
    let left = 0
    for (let i = from; i < this.#candidates.length; i++) {
      const candidate = this.#candidates[i] as Candidate
      if (this.#isFree(c, choice, candidate) && known?.get(candidate.key) !== false) left++
    }
    return left
  }

  #isFree(c: number, { adminAccess }: Choice, { key, device }: Candidate): boolean {
    // administrators see a device at most once in a claim, whoever has it
    if (adminAccess) return device.allowMultipleAllocations === true || !this.#taken.get(key)?.has(c)
    return !this.#input.allocated.has(key) && !this.#taken.get(key)?.size
  }

  /** Gives the device to the claim if that can be; returns what takes it back. */
  // dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go allocateDevice
  #take(c: number, { choice, all }: Prepared, candidate: Candidate): (() => void) | undefined {
    const { claim, constraints, picked } = this.#claims[c] as PreparedClaim
    const { device, key } = candidate
    if (!this.#isFree(c, choice, candidate)) return undefined
    if (untoleratedTaint(device.taints, choice.tolerations, repelling)) return undefined
    const isShared = device.allowMultipleAllocations === true
    const sharing = this.#sharing.get(key) ?? []
    const amounts = consumption(candidate, choice.capacity, (name) => this.#used(key, name, sharing))
    if (!amounts) return undefined
    // the first to share a device takes its counters for all
    const counts = !choice.adminAccess && !(isShared && (sharing.length > 0 || this.#input.allocated.isShared(key)))
    if (counts && !this.#counters.take(candidate)) return undefined
    const broken = constraints.findIndex((constraint) => !constraint.add(choice, candidate))
    if (broken >= 0) {
      for (const constraint of constraints.slice(0, broken)) constraint.remove(choice)
      if (counts) this.#counters.give(candidate)
      if (!all) return undefined
      const why = 'because a claim constraint would not be satisfied'
      throw new Error(`claim ${objectKey(claim)}, request ${choice.shortName}: cannot add device ${key} ${why}`)
    }
    const taken = this.#taken.get(key) ?? new Set<number>()
    this.#taken.set(key, taken)
    if (!isShared) taken.add(c)
    else if (!choice.adminAccess) this.#sharing.set(key, [...sharing, amounts])
    picked.push({ choice, candidate, amounts: isShared ? amounts : undefined })
    return () => {
      picked.pop()
      taken.delete(c)
      if (isShared) this.#sharing.set(key, sharing)
      for (const constraint of constraints) constraint.remove(choice)
      if (counts) this.#counters.give(candidate)
    }
  }

  #used(key: string, capacity: string, sharing: readonly Amounts[]) {
    let used = this.#input.allocated.used(key, capacity)
    for (const amounts of sharing) {
      const amount = amounts.get(capacity)
      if (amount) used = used?.add(amount) ?? amount
    }
    return used
  }
}

/** Whether all selectors take the device; throws an Error that says whose selector fails. */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go selectorsMatch
function allTake(selectors: readonly DeviceSelector[], candidate: Candidate, owner: string): boolean {
  return selectors.every(({ cel }, i) => {
    try {
      return selectorTakes(cel?.expression ?? '', candidate)
    } catch (error) {
      const { message } = error as Error
      const problem =
        error instanceof CompileError ? `: CEL compile error: ${message}` : `: CEL runtime error: ${message}`
      const where = error instanceof CompileError ? '' : ` on device ${candidate.key}`
      throw new Error(`${owner}: selector #${i}${where}${problem}`, { cause: error })
    }
  })
}
