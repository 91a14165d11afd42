import { BlockList, isIP } from 'node:net'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../types/networking-v1.ts'
import { checkCIDR } from '../../addresses.ts'
import { checkLabelSelector, checkPort } from '../../checks.ts'
import { protocols } from '../../pod-spec/containers.ts'

const path = new FieldPath('spec')
const types = ['Ingress', 'Egress']

// pkg/apis/networking/validation/validation.go ValidateNetworkPolicySpec
export function validate({ spec }: NetworkPolicy): FieldError[] {
  const errors: FieldError[] = []
  checkLabelSelector(spec.podSelector, path.child('podSelector'), errors)
  for (const [i, rule] of (spec.ingress ?? []).entries()) {
    const at = path.child('ingress').index(i)
    for (const [j, port] of (rule.ports ?? []).entries()) checkPolicyPort(port, at.child('ports').index(j), errors)
    for (const [j, peer] of (rule.from ?? []).entries()) checkPeer(peer, at.child('from').index(j), errors)
  }
  for (const [i, rule] of (spec.egress ?? []).entries()) {
    const at = path.child('egress').index(i)
    for (const [j, port] of (rule.ports ?? []).entries()) checkPolicyPort(port, at.child('ports').index(j), errors)
    for (const [j, peer] of (rule.to ?? []).entries()) checkPeer(peer, at.child('to').index(j), errors)
  }
  const wanted = spec.policyTypes ?? []
  if (wanted.length > types.length)
    errors.push(invalid(path.child('policyTypes'), wanted, 'may not specify more than two policyTypes'))
  else
    for (const [i, type] of wanted.entries())
      if (!types.includes(type)) errors.push(notSupported(path.child('policyTypes').index(i), type, types))
  return errors
}

// pkg/apis/networking/validation/validation.go ValidateNetworkPolicyPort
function checkPolicyPort({ protocol, port, endPort }: NetworkPolicyPort, at: FieldPath, errors: FieldError[]): void {
  if (protocol !== undefined && !protocols.includes(protocol))
    errors.push(notSupported(at.child('protocol'), protocol, protocols))
  if (port !== undefined) checkPort(port, at.child('port'), errors)
  if (endPort === undefined) return
  const where = at.child('endPort')
  if (port === undefined) errors.push(required(where, 'must not be specified when `port` is not specified'))
  else if (typeof port === 'string') errors.push(required(where, 'must not be specified when `port` is non-numeric'))
  else if (endPort < port) errors.push(invalid(where, endPort, 'must be greater than or equal to `port`'))
  else checkPort(endPort, where, errors)
}

// pkg/apis/networking/validation/validation.go ValidateNetworkPolicyPeer
function checkPeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  at: FieldPath,
  errors: FieldError[],
) {
  checkLabelSelector(podSelector, at.child('podSelector'), errors)
  checkLabelSelector(namespaceSelector, at.child('namespaceSelector'), errors)
  if (!ipBlock) {
    if (!podSelector && !namespaceSelector) errors.push(required(at, 'must specify a peer'))
    return
  }
  if (podSelector || namespaceSelector) errors.push(forbidden(at, 'may not specify both ipBlock and another peer'))
  const where = at.child('ipBlock')
  if (!ipBlock.cidr) errors.push(required(where.child('cidr')))
  else checkCIDR(ipBlock.cidr, where.child('cidr'), errors)
  for (const [i, except] of (ipBlock.except ?? []).entries()) {
    checkCIDR(except, where.child('except').index(i), errors)
    if (!within(except, ipBlock.cidr)) {
      const detail = 'must be a strict subset of `cidr`'
      errors.push(invalid(where.child('except').index(i), except, detail))
    }
  }
}

function within(inner: string, outer: string): boolean {
  const [address = '', bits = ''] = inner.split('/')
  const [base = '', baseBits = ''] = outer.split('/')
  const family = isIP(base)
  if (family === 0 || isIP(address) !== family || !(Number(bits) > Number(baseBits))) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const range = new BlockList()
  range.addSubnet(base, Number(baseBits), type)
  return range.check(address, type)
}
