// Which CPUs are kept for the system. cmd/kubelet/app/server.go run
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { parseCpuSet, type CpuSet } from './cpuset.ts'

type Amounts = Readonly<Record<string, string>>

/** What is reserved of CPUs by amount, and by name. */
export interface Reserved {
  kube: Amounts
  system: Amounts
  /** Empty when only amounts are said. */
  named: CpuSet
}

/**
 * The CPUs in `text`, which the machine has, take the place of the amounts. Throws an Error when it does not have them.
 */
export function reservedCpus(text: string, cpus: CpuSet, kube: Amounts, system: Amounts): Reserved {
  const named = parseCpuSet(text)
  if (named.size === 0) return { kube, system, named }
  if (!named.isSubsetOf(cpus)) throw new Error(`invalid cpuset ${JSON.stringify(text)} specified by --reserved-cpus`)
  const { cpu: _, ...others } = kube
  return { kube: others, system: { ...system, cpu: String(named.size) }, named }
}

/** How many CPUs that are, in thousandths. */
export function reservedMilli({ kube, system }: Reserved): number {
  return [kube, system].reduce((sum, amounts) => sum + parseQuantity(amounts['cpu'] ?? '0').milliValue(), 0)
}
