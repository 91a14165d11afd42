import {
  duplicate,
  forbidden,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isPortNumber, isQualifiedName } from '../../../../machinery/names.ts'
import type { ServicePort, ServiceSpec } from '../../../types/core-v1.ts'
import { checkPort, checkText } from '../../checks.ts'
import { checkChoice, protocols } from '../../pod-spec/containers.ts'

/** Adds what is wrong with each port, and with all of them together. */
// pkg/apis/core/validation/validation.go ValidateService, validateServicePort
export function checkPorts({ ports = [], type }: ServiceSpec, path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>()
  for (const [i, port] of ports.entries()) {
    const at = path.index(i)
    if (!port.name) {
      if (ports.length > 1) errors.push(required(at.child('name')))
    } else {
      checkText(port.name, isDNS1123Label, at.child('name'), errors)
      if (names.has(port.name)) errors.push(duplicate(at.child('name'), port.name))
      names.add(port.name)
    }
    for (const text of isPortNumber(port.port ?? 0)) errors.push(invalid(at.child('port'), port.port ?? 0, text))
    checkChoice(port.protocol, protocols, at.child('protocol'), errors)
    checkPort(port.targetPort, at.child('targetPort'), errors)
    if (port.appProtocol !== undefined) checkText(port.appProtocol, isQualifiedName, at.child('appProtocol'), errors)
    if (port.nodePort && type === 'ClusterIP')
      errors.push(forbidden(at.child('nodePort'), "may not be used when `type` is 'ClusterIP'"))
  }
  checkUnique(ports, path, errors)
}

function checkUnique(ports: readonly ServicePort[], path: FieldPath, errors: FieldError[]): void {
  const nodePorts = new Set<string>()
  const numbers = new Set<string>()
  for (const [i, { nodePort, protocol }] of ports.entries()) {
    if (!nodePort) continue
    const key = `${protocol}/${nodePort}`
    if (nodePorts.has(key)) errors.push(duplicate(path.index(i).child('nodePort'), nodePort))
    nodePorts.add(key)
  }
  for (const [i, { port, protocol }] of ports.entries()) {
    const key = `${protocol}/${port}`
    if (numbers.has(key)) errors.push(duplicate(path.index(i), { protocol, port }))
    numbers.add(key)
  }
}
