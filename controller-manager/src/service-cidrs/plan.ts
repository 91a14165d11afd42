import type { IPAddress, ServiceCIDR } from '@kubets/shared/api/types/networking-v1.ts'
import { contains, parseAddress, parseRange, type Range } from '@kubets/shared/machinery/addresses.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

export const finalizer = 'networking.k8s.io/service-cidr-finalizer'

/** So long apiservers may still give addresses of a ServiceCIDR that goes. */
const deletionGraceMs = 10_000

export interface Condition {
  status: 'True' | 'False'
  reason: string
  message: string
}

type CidrAction =
  { type: 'keep' } | { type: 'block'; condition: Condition } | { type: 'release' } | { type: 'wait'; ms: number }

/** What a ServiceCIDR should say of itself while it stays. */
export const readyCondition: Condition = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }

const terminating: Condition = {
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
}

/** What to do with a ServiceCIDR, given all of them and the addresses that the apiservers have given out. */
// pkg/controller/servicecidrs/servicecidrs_controller.go sync
export const plan = (
  cidr: ServiceCIDR,
  all: readonly ServiceCIDR[],
  addresses: readonly IPAddress[],
  now: number,
): CidrAction => {
  const { deletionTimestamp } = cidr.metadata
  if (deletionTimestamp === undefined) return { type: 'keep' }
  if (!canGo(cidr, all, addresses)) return { type: 'block', condition: terminating }
  const ms = deletionGraceMs - (now - (parseTime(deletionTimestamp) ?? 0))
  return ms > 0 ? { type: 'wait', ms } : { type: 'release' }
}

const rangesOf = ({ spec }: ServiceCIDR): Range[] => (spec?.cidrs ?? []).map(parseRange)

const covers = (outer: Range, inner: Range): boolean =>
  outer.family === inner.family && outer.base <= inner.base && outer.base + outer.size >= inner.base + inner.size

// canDeleteCIDR: a ServiceCIDR may go when others hold its ranges whole, or every address given from them
const canGo = (cidr: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean => {
  const own = rangesOf(cidr)
  const others = all.filter(({ metadata }) => metadata.name !== cidr.metadata.name).flatMap(rangesOf)
  if (own.every((range) => others.some((other) => covers(other, range)))) return true
  return addresses.every(({ metadata }) => {
    const address = parseAddress(metadata.name ?? '')
    const within = (ranges: readonly Range[]): boolean => ranges.some((range) => address && contains(range, address))
    return !within(own) || within(others)
  })
}
