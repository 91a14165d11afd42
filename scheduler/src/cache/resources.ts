import { isPodLevelResource } from '@kubets/shared/api/pod.ts'
import { whileResizing } from '@kubets/shared/api/resize.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'

/** Amounts as plain numbers, so that thousands of nodes are compared quickly: CPU in thousandths, all else in units. */
export interface Resources {
  milliCPU: number
  memory: number
  ephemeralStorage: number
  /** Extended resources and huge pages. */
  scalar: Map<string, number>
}

// pkg/scheduler/util/pod_resources.go: what a container counts as in scores when it asks for nothing
const defaultMilliCPU = 100
const defaultMemory = 200 * 1024 * 1024

export function noResources(): Resources {
  return { milliCPU: 0, memory: 0, ephemeralStorage: 0, scalar: new Map() }
}

type QuantityList = Readonly<Record<string, string>> | undefined

/** Reads a resource list; "pods" is not one of the amounts. */
export function resourcesOf(list: QuantityList): Resources {
  const result = noResources()
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text)
    if (name === 'cpu') result.milliCPU = quantity.milliValue()
    else if (name === 'memory') result.memory = quantity.value()
    else if (name === 'ephemeral-storage') result.ephemeralStorage = quantity.value()
    else if (name !== 'pods') result.scalar.set(name, quantity.value())
  }
  return result
}

/** Adds (or, with sign -1, takes away) an amount in place. */
export function addTo(total: Resources, amount: Resources, sign: 1 | -1 = 1): void {
  total.milliCPU += sign * amount.milliCPU
  total.memory += sign * amount.memory
  total.ephemeralStorage += sign * amount.ephemeralStorage
  for (const [name, value] of amount.scalar) total.scalar.set(name, (total.scalar.get(name) ?? 0) + sign * value)
}

function maxInto(total: Resources, amount: Resources): void {
  total.milliCPU = Math.max(total.milliCPU, amount.milliCPU)
  total.memory = Math.max(total.memory, amount.memory)
  total.ephemeralStorage = Math.max(total.ephemeralStorage, amount.ephemeralStorage)
  for (const [name, value] of amount.scalar) total.scalar.set(name, Math.max(total.scalar.get(name) ?? 0, value))
}

/**
 * What a Pod asks of its node: all containers and sidecars together, or the init container that needs most beside the
 * sidecars started before it, whichever is more, and the overhead; while it is resized what it holds, if that is more.
 * @param withDefaults counts containers that ask for no CPU or memory with a small amount, as scores do.
 */
// component-helpers/resource/helpers.go PodRequests
export function podResources(pod: Pod, withDefaults = false): Resources {
  const { spec } = whileResizing(pod)
  const total = noResources()
  for (const container of spec.containers) addTo(total, containerResources(container, withDefaults))
  const sidecars = noResources()
  const starting = noResources()
  for (const container of spec.initContainers ?? []) {
    const wanted = containerResources(container, withDefaults)
    if (container.restartPolicy === 'Always') {
      addTo(total, wanted)
      addTo(sidecars, wanted)
      maxInto(starting, sidecars)
    } else {
      addTo(wanted, sidecars)
      maxInto(starting, wanted)
    }
  }
  maxInto(total, starting)
  // requests of the Pod as a whole stand in place of its containers' sum
  const whole = spec.resources?.requests
  if (whole) {
    const asked = resourcesOf(whole)
    if (whole['cpu'] !== undefined) total.milliCPU = asked.milliCPU
    if (whole['memory'] !== undefined) total.memory = asked.memory
    for (const [name, value] of asked.scalar) if (isPodLevelResource(name)) total.scalar.set(name, value)
  }
  if (spec.overhead) addTo(total, resourcesOf(spec.overhead))
  return total
}

function containerResources(container: Container, withDefaults: boolean): Resources {
  const requests = container.resources?.requests
  const result = resourcesOf(requests)
  if (withDefaults) {
    if (requests?.['cpu'] === undefined) result.milliCPU = defaultMilliCPU
    if (requests?.['memory'] === undefined) result.memory = defaultMemory
  }
  return result
}
