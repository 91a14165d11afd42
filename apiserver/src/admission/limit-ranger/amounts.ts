import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity, type Quantity } from '@kubets/shared/machinery/quantity.ts'

export type Amounts = ReadonlyMap<string, Quantity>
type Sort = 'requests' | 'limits'

/** A resource list with its values read. */
export const amountsOf = (list: Record<string, string> = {}): Amounts =>
  new Map(Object.entries(list).map(([name, text]) => [name, parseQuantity(text)]))

// plugin/pkg/admission/limitranger/admission.go podRequests, podLimits
/** What a Pod asks for as a whole: its containers together, or more where starting it takes more. */
export function amountsOfPod({ spec }: Pod, sort: Sort): Amounts {
  const total = new Map<string, Quantity>()
  const sidecars = new Map<string, Quantity>()
  const starting = new Map<string, Quantity>()
  for (const { resources } of spec.containers) add(total, amountsOf(resources?.[sort]))
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const own = amountsOf(resources?.[sort])
    if (restartPolicy === 'Always') {
      add(total, own)
      add(sidecars, own)
      raise(starting, sidecars)
    } else {
      const beside = new Map(own)
      add(beside, sidecars)
      raise(starting, beside)
    }
  }
  raise(total, starting)
  // what is said of the whole Pod counts before the sum
  for (const [name, amount] of amountsOf(spec.resources?.[sort])) total.set(name, amount)
  return total
}

function add(total: Map<string, Quantity>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, total.get(name)?.add(amount) ?? amount)
}

function raise(total: Map<string, Quantity>, least: Amounts): void {
  for (const [name, amount] of least) {
    const known = total.get(name)
    if (known === undefined || amount.cmp(known) > 0) total.set(name, amount)
  }
}
