import type { ServiceSpec } from '@kubets/shared/api/types/core-v1.ts'
import { isHeadless, needsClusterIP } from '@kubets/shared/api/kinds/core/services/facts.ts'
import { invalid, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import { parseAddress, type IPFamily } from '@kubets/shared/machinery/addresses.ts'

const other = (family: string): IPFamily => (family === 'IPv4' ? 'IPv6' : 'IPv4')

/**
 * Fills in ipFamilyPolicy and ipFamilies from what was asked and what the cluster has (`families`, the default first), in
 * place. Answers what cannot be had.
 */
// pkg/registry/core/service/storage/alloc.go initIPFamilyFields
export function fillFamilies(spec: ServiceSpec, families: readonly IPFamily[]): FieldError[] {
  if (!needsClusterIP(spec)) return []
  const [first = 'IPv4'] = families
  const dual = families.length > 1
  const headless = isHeadless(spec)
  const ips = headless
    ? []
    : (spec.clusterIPs ?? []).map((ip) => parseAddress(ip)?.family).filter((ip) => ip !== undefined)
  // with no Pods of its own to look at, a headless Service may have addresses of any family
  if (headless && Object.keys(spec.selector ?? {}).length === 0) {
    const asked = spec.ipFamilies?.length ? spec.ipFamilies : [first]
    spec.ipFamilyPolicy ??= 'RequireDualStack'
    spec.ipFamilies = spec.ipFamilyPolicy === 'SingleStack' ? asked : [...new Set([...asked, other(asked[0] ?? first)])]
    return []
  }
  if (spec.ipFamilyPolicy === undefined)
    spec.ipFamilyPolicy = ips.length === 2 || spec.ipFamilies?.length === 2 ? 'RequireDualStack' : 'SingleStack'
  if (spec.ipFamilyPolicy === 'RequireDualStack' && !dual)
    return [
      invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'),
    ]
  const chosen = spec.ipFamilies?.length ? [...spec.ipFamilies] : ips.length > 0 ? [...ips] : [first]
  const errors = chosen
    .map((family, index) => ({ family, index }))
    .filter(({ family }) => !families.some((known) => known === family))
    .map(({ family, index }) => invalid(`spec.ipFamilies[${String(index)}]`, family, `not configured on this cluster`))
  if (spec.ipFamilyPolicy !== 'SingleStack' && dual && chosen.length === 1) chosen.push(other(chosen[0] ?? first))
  spec.ipFamilies = spec.ipFamilyPolicy === 'SingleStack' ? chosen.slice(0, 1) : chosen
  return errors
}
