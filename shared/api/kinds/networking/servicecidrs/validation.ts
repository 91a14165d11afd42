import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ServiceCIDR } from '../../../types/networking-v1.ts'
import { checkStrictCIDR, ipFamily } from '../../addresses.ts'

const path = new FieldPath('spec', 'cidrs')

// pkg/apis/networking/validation/validation.go validateServiceCIDRSpec
export function validate({ spec }: ServiceCIDR): FieldError[] {
  const ranges = spec?.cidrs ?? []
  if (ranges.length === 0) return [required(path, 'at least one CIDR required')]
  if (ranges.length > 2) return [invalid(path, spec, 'may only hold up to 2 values')]
  const errors: FieldError[] = []
  for (const [i, range] of ranges.entries()) checkStrictCIDR(range, path.index(i), errors)
  const [one, two] = ranges.map((range) => ipFamily(range.split('/')[0] ?? ''))
  if (one === two && one !== 0) {
    const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
    errors.push(invalid(path, ranges, detail))
  }
  return errors
}

// pkg/apis/networking/validation/validation.go ValidateServiceCIDRUpdate: a second family may be added
export function validateUpdate(obj: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const now = obj.spec?.cidrs ?? []
  const before = old.spec?.cidrs ?? []
  const text = 'field is immutable'
  if (before.length === now.length)
    return before.flatMap((range, i) => (range === now[i] ? [] : [invalid(path.index(i), now[i], text)]))
  if (before.length !== 1 || now.length !== 2) return [invalid(path, now, text)]
  const changed = before[0] === now[0] ? [] : [invalid(path.index(0), now[0], text)]
  return changed.concat(validate(obj))
}
