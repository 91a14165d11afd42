// What of a machine is for Pods: pure. pkg/kubelet/cm/node_container_manager_linux.go, pkg/kubelet/nodestatus/setters.go
import { parseQuantity, quantityOf, type Quantity } from '@kubets/shared/machinery/quantity.ts'

type Amounts = Readonly<Record<string, string>>

/** What is kept from Pods: for Kubernetes' own programs, for the rest of the machine, and for the time until Pods are evicted. */
export interface Reservation {
  kube: Amounts
  system: Amounts
  eviction: Amounts
}

export const nothingReserved: Reservation = { kube: {}, system: {}, eviction: {} }

/** What the scheduler may give to Pods. Resources of others (devices) are theirs as a whole. */
// setters.go MachineInfo
export function allocatableOf(capacity: Amounts, reservation: Reservation): Record<string, string> {
  const rest = reduced(capacity, Object.values(reservation))
  // what is as it was keeps its notation
  const text = (name: string, amount: string): string => {
    const left = rest.get(name)
    return left && left.cmp(parseQuantity(amount)) !== 0 ? left.toString() : amount
  }
  return Object.fromEntries(Object.entries(capacity).map(([name, amount]) => [name, text(name, amount)]))
}

/** What all Pods together may use; the kernel enforces it, so that there is no room left for evictions. */
// node_container_manager_linux.go getNodeAllocatableInternalAbsolute
export function podsShare(capacity: Amounts, { kube, system }: Reservation): Map<string, Quantity> {
  return reduced(capacity, [kube, system])
}

/** Throws an Error when more is reserved than there is. */
// node_container_manager_linux.go validateNodeAllocatable
export function checkReservation(capacity: Amounts, reservation: Reservation): void {
  const problems = Object.entries(capacity).flatMap(([name, amount]) => {
    const reserved = sumOf(name, Object.values(reservation))
    if (reserved.cmp(parseQuantity(amount)) <= 0) return []
    return [
      `Resource "${name}" has a reservation of ${reserved} but capacity of ${amount}. Expected capacity >= reservation.`,
    ]
  })
  if (problems.length > 0) throw new Error(`invalid Node Allocatable configuration. ${problems.join(' ')}`)
}

function sumOf(name: string, lists: readonly Amounts[]): Quantity {
  return lists.reduce((sum, list) => sum.add(parseQuantity(list[name] ?? '0')), quantityOf(0))
}

function reduced(capacity: Amounts, lists: readonly Amounts[]): Map<string, Quantity> {
  const rest = new Map<string, Quantity>()
  for (const [name, amount] of Object.entries(capacity)) {
    rest.set(name, notNegative(parseQuantity(amount).sub(sumOf(name, lists))))
  }
  // huge pages are memory that nobody else can have
  for (const [name, amount] of rest) {
    const memory = rest.get('memory')
    if (name.startsWith('hugepages-') && memory) rest.set('memory', notNegative(memory.sub(amount)))
  }
  return rest
}

const notNegative = (amount: Quantity): Quantity => (amount.sign < 0 ? quantityOf(0) : amount)
