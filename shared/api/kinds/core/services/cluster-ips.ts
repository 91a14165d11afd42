import {
  duplicate,
  FieldPath,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import type { ServiceSpec } from '../../../types/core-v1.ts'
import { checkIP, ipFamily } from '../../addresses.ts'
import { isHeadless } from './facts.ts'

const path = new FieldPath('spec')
const ipsPath = path.child('clusterIPs')
const familiesPath = path.child('ipFamilies')
const families = ['IPv4', 'IPv6']
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const familyNumber: Readonly<Record<string, number>> = { IPv4: 4, IPv6: 6 }

// pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields
export function checkClusterIPs(spec: ServiceSpec, errors: FieldError[]): void {
  if (spec.type === 'ExternalName') return
  const ips = spec.clusterIPs ?? []
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(required(ipsPath))
    else if (ips[0] !== spec.clusterIP) errors.push(invalid(ipsPath, ips, 'first value must match `clusterIP`'))
  } else if (ips.length > 0) errors.push(invalid(ipsPath, ips, 'must be empty when `clusterIP` is not specified'))
  const seen = new Set<string>()
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!families.includes(family)) errors.push(notSupported(familiesPath.index(i), family, families))
    if (seen.has(family)) errors.push(duplicate(familiesPath.index(i), family))
    seen.add(family)
  }
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy))
    errors.push(notSupported(path.child('ipFamilyPolicy'), spec.ipFamilyPolicy, policies))
  let valid = true
  for (const [i, ip] of ips.entries()) {
    if (i === 0 && ip === 'None') {
      if (ips.length === 1) continue
      errors.push(invalid(ipsPath, ips, "'None' must be the first and only value"))
      valid = false
    } else if (!checkIP(ip, ipsPath.index(i), errors)) valid = false
  }
  if (ips.length > 2) errors.push(invalid(ipsPath, ips, 'may only hold up to 2 values'))
  if (!valid) return
  if (ips.length > 1 && ipFamily(ips[0]!) === ipFamily(ips[1]!))
    errors.push(invalid(ipsPath, ips, 'may specify no more than one IP for each IP family'))
  if (!isHeadless(spec)) checkFamilies(ips, spec.ipFamilies ?? [], errors)
}

function checkFamilies(ips: readonly string[], wanted: readonly string[], errors: FieldError[]): void {
  for (const [i, ip] of ips.entries()) {
    const family = wanted[i]
    if (family === undefined || familyNumber[family] === undefined || ipFamily(ip) === familyNumber[family]) continue
    errors.push(invalid(ipsPath.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``))
  }
}

// pkg/apis/core/validation/validation.go validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies
export function checkClusterIPsUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return errors
  const headless = isHeadless(spec)
  const single = spec.ipFamilyPolicy === 'SingleStack'
  const policyPath = path.child('ipFamilyPolicy')
  if (!(headless && isHeadless(old))) {
    const ips = spec.clusterIPs ?? []
    checkKept(ips, old.clusterIPs ?? [], ipsPath, 'primary clusterIP can not be unset', errors)
    if (ips.length === 1 && (old.clusterIPs ?? []).length > 1 && !single) {
      const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
      errors.push(invalid(policyPath, spec.ipFamilyPolicy ?? null, detail))
    }
  }
  if (!headless && !isHeadless(old)) {
    const now = spec.ipFamilies ?? []
    checkKept(now, old.ipFamilies ?? [], familiesPath, 'primary ipFamily can not be unset', errors)
    if (now.length === 1 && (old.ipFamilies ?? []).length > 1 && !single) {
      const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily"
      errors.push(invalid(policyPath, spec.ipFamilyPolicy ?? null, detail))
    }
  }
  return errors
}

function checkKept(
  now: readonly string[],
  before: readonly string[],
  at: FieldPath,
  unset: string,
  errors: FieldError[],
): void {
  if (before.length > now.length && now.length === 0) errors.push(invalid(at.index(0), now, unset))
  const count = before.length === now.length ? now.length : Math.min(before.length, now.length, 1)
  for (let i = 0; i < count; i++)
    if (before[i] !== now[i]) errors.push(invalid(at.index(i), now, 'may not change once set'))
}
