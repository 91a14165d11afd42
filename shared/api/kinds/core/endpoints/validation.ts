import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain, isPortNumber, isQualifiedName } from '../../../../machinery/names.ts'
import type { EndpointAddress, EndpointPort, Endpoints } from '../../../types/core-v1.ts'
import { checkIP, checkNonSpecialIP } from '../../addresses.ts'
import { checkText } from '../../checks.ts'
import { checkChoice, protocols } from '../../pod-spec/containers.ts'

// pkg/apis/core/validation/validation.go validateEndpointSubsets
export function validate(obj: Endpoints): FieldError[] {
  const errors: FieldError[] = []
  const path = new FieldPath('subsets')
  for (const [i, { addresses = [], notReadyAddresses = [], ports = [] }] of (obj.subsets ?? []).entries()) {
    const at = path.index(i)
    if (addresses.length + notReadyAddresses.length === 0)
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
    for (const [j, address] of addresses.entries()) checkAddress(address, at.child('addresses').index(j), errors)
    for (const [j, address] of notReadyAddresses.entries())
      checkAddress(address, at.child('notReadyAddresses').index(j), errors)
    for (const [j, port] of ports.entries())
      checkEndpointPort(port, ports.length > 1, at.child('ports').index(j), errors)
  }
  return errors
}

function checkAddress({ ip, hostname, nodeName }: EndpointAddress, path: FieldPath, errors: FieldError[]): void {
  checkIP(ip, path.child('ip'), errors)
  if (hostname) checkText(hostname, isDNS1123Label, path.child('hostname'), errors)
  if (nodeName !== undefined) checkText(nodeName, isDNS1123Subdomain, path.child('nodeName'), errors)
  checkNonSpecialIP(ip, path.child('ip'), errors)
}

function checkEndpointPort(port: EndpointPort, needsName: boolean, path: FieldPath, errors: FieldError[]): void {
  if (port.name) checkText(port.name, isDNS1123Label, path.child('name'), errors)
  else if (needsName) errors.push(required(path.child('name')))
  for (const text of isPortNumber(port.port)) errors.push(invalid(path.child('port'), port.port, text))
  checkChoice(port.protocol, protocols, path.child('protocol'), errors)
  if (port.appProtocol !== undefined) checkText(port.appProtocol, isQualifiedName, path.child('appProtocol'), errors)
}
