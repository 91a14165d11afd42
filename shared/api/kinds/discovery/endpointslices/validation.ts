import { duplicate, FieldPath, invalid, required, tooMany, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain, isPortNumber, isQualifiedName } from '../../../../machinery/names.ts'
import type { Endpoint, EndpointSlice } from '../../../types/discovery-v1.ts'
import { checkIP, checkNonSpecialIP, ipFamily } from '../../addresses.ts'
import { checkImmutable, checkText } from '../../checks.ts'
import { checkLabels } from '../../meta.ts'
import { checkChoice, protocols } from '../../pod-spec/containers.ts'

const addressTypes = ['FQDN', 'IPv4', 'IPv6']
const maxEndpoints = 1000
const maxPorts = 20000
const maxAddresses = 100
const maxTopology = 16

// pkg/apis/discovery/validation/validation.go ValidateEndpointSlice
export function validate(slice: EndpointSlice): FieldError[] {
  const errors: FieldError[] = []
  checkChoice(slice.addressType, addressTypes, new FieldPath('addressType'), errors)
  checkEndpoints(slice, new FieldPath('endpoints'), errors)
  checkPorts(slice, new FieldPath('ports'), errors)
  return errors
}

export function validateUpdate(slice: EndpointSlice, old: EndpointSlice): FieldError[] {
  const errors = validate(slice)
  checkImmutable(slice.addressType, old.addressType, new FieldPath('addressType'), errors)
  return errors
}

function checkEndpoints({ endpoints, addressType }: EndpointSlice, path: FieldPath, errors: FieldError[]): void {
  const list = endpoints ?? []
  if (list.length > maxEndpoints) {
    errors.push(tooMany(path, list.length, maxEndpoints))
    return
  }
  for (const [i, endpoint] of list.entries()) {
    const at = path.index(i)
    const addresses = endpoint.addresses ?? []
    if (addresses.length === 0) errors.push(required(at.child('addresses'), 'must contain at least 1 address'))
    else if (addresses.length > maxAddresses)
      errors.push(tooMany(at.child('addresses'), addresses.length, maxAddresses))
    for (const [j, address] of addresses.entries())
      checkAddress(address, addressType, at.child('addresses').index(j), errors)
    const topology = endpoint.deprecatedTopology
    const count = Object.keys(topology ?? {}).length
    if (count > maxTopology) errors.push(tooMany(at.child('deprecatedTopology'), count, maxTopology))
    checkLabels(topology, at.child('deprecatedTopology'), errors)
    if (endpoint.hostname !== undefined) checkText(endpoint.hostname, isDNS1123Label, at.child('hostname'), errors)
    if (endpoint.nodeName !== undefined) checkText(endpoint.nodeName, isDNS1123Subdomain, at.child('nodeName'), errors)
    checkHints(endpoint, at.child('hints'), errors)
  }
}

const maxHints = 8

// pkg/apis/discovery/validation/validation.go validateHints
function checkHints({ hints }: Endpoint, path: FieldPath, errors: FieldError[]): void {
  for (const field of ['forZones', 'forNodes'] as const) {
    const list = hints?.[field] ?? []
    const at = path.child(field)
    if (list.length > maxHints) {
      errors.push(tooMany(at, list.length, maxHints))
      continue
    }
    const seen = new Set<string>()
    for (const [i, { name }] of list.entries()) {
      const where = at.index(i).child('name')
      if (seen.has(name)) errors.push(duplicate(where, name))
      seen.add(name)
      checkText(name ?? '', isDNS1123Subdomain, where, errors)
    }
  }
}

function checkAddress(address: string, type: string, path: FieldPath, errors: FieldError[]): void {
  if (type === 'FQDN') {
    checkText(address, isDNS1123Subdomain, path, errors)
    return
  }
  if (type !== 'IPv4' && type !== 'IPv6') return
  if (!checkIP(address, path, errors)) return
  if (ipFamily(address) !== (type === 'IPv4' ? 4 : 6)) errors.push(invalid(path, address, `must be an ${type} address`))
  checkNonSpecialIP(address, path, errors)
}

function checkPorts({ ports }: EndpointSlice, path: FieldPath, errors: FieldError[]): void {
  const list = ports ?? []
  if (list.length > maxPorts) {
    errors.push(tooMany(path, list.length, maxPorts))
    return
  }
  const names = new Set<string>()
  for (const [i, { name = '', port, protocol, appProtocol }] of list.entries()) {
    const at = path.index(i)
    if (name) checkText(name, isDNS1123Label, at.child('name'), errors)
    if (names.has(name)) errors.push(duplicate(at.child('name'), name))
    names.add(name)
    checkChoice(protocol, protocols, at.child('protocol'), errors)
    if (port !== undefined) for (const text of isPortNumber(port)) errors.push(invalid(at.child('port'), port, text))
    if (appProtocol !== undefined) checkText(appProtocol, isQualifiedName, at.child('appProtocol'), errors)
  }
}
