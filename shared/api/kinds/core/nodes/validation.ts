import { deepEqual } from '../../../../machinery/deep.ts'
import { duplicate, FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { Node } from '../../../types/core-v1.ts'
import { checkCIDR, ipFamily } from '../../addresses.ts'
import { checkTaints } from '../../pod-spec/scheduling.ts'
import { checkQuantity } from '../../quantities.ts'

const spec = new FieldPath('spec')

// pkg/apis/core/validation/validation.go ValidateNode
export function validate(node: Node): FieldError[] {
  const errors: FieldError[] = []
  checkTaints(node.spec.taints ?? [], new FieldPath('metadata', 'taints'), errors)
  checkResources(node, errors)
  const ranges = node.spec.podCIDRs ?? []
  const path = spec.child('podCIDRs')
  for (const [i, range] of ranges.entries()) {
    checkCIDR(range, path.index(i), errors)
    if (ranges.indexOf(range) < i) errors.push(duplicate(path.index(i), range))
  }
  const families = new Set(ranges.map((range) => ipFamily(range.split('/')[0] ?? '')))
  if (ranges.length > 2 || families.size < ranges.length)
    errors.push(invalid(path, ranges, 'may specify no more than one CIDR for each IP family'))
  return errors
}

// pkg/apis/core/validation/validation.go ValidateNodeUpdate
export function validateUpdate(node: Node, old: Node): FieldError[] {
  const errors: FieldError[] = []
  checkResources(node, errors)
  const before = old.spec.podCIDRs ?? []
  const now = node.spec.podCIDRs ?? []
  if (before.length > 0 && (before.length !== now.length || before.some((range, i) => range !== now[i])))
    errors.push(forbidden(spec.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'))
  if (old.spec.providerID && old.spec.providerID !== node.spec.providerID)
    errors.push(forbidden(spec.child('providerID'), 'node updates may not change providerID except from "" to valid'))
  checkTaints(node.spec.taints ?? [], new FieldPath('metadata', 'taints'), errors)
  checkSpecKept(node, old, errors)
  return errors
}

// what else a spec has is nobody's to change
function checkSpecKept(node: Node, old: Node, errors: FieldError[]): void {
  const fixed = ({ spec: given }: Node) => {
    const {
      podCIDR: _c,
      podCIDRs: _cs,
      providerID: _p,
      taints: _t,
      unschedulable: _u,
      configSource: _s,
      ...rest
    } = given
    return rest
  }
  const text =
    'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)'
  if (!deepEqual(fixed(node), fixed(old))) errors.push(forbidden('', text))
}

export function validateStatusUpdate(node: Node): FieldError[] {
  const errors: FieldError[] = []
  checkResources(node, errors)
  const seen = new Set<string>()
  for (const [i, address] of (node.status?.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`
    if (seen.has(key)) errors.push(duplicate(new FieldPath('status', 'addresses').index(i), address))
    seen.add(key)
  }
  return errors
}

function checkResources({ status }: Node, errors: FieldError[]): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    const amounts = status?.[list]
    for (const name in amounts) checkQuantity(name, amounts[name] ?? '', new FieldPath('status', list, name), errors)
  }
}
