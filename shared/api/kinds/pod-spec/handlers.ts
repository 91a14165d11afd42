import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isHTTPHeaderName } from '../../../machinery/names.ts'
import type { Container, HTTPGetAction, LifecycleHandler, PodSpec, Probe, ProbeHandler } from '../../types/core-v1.ts'
import { checkNonNegative, checkPort, checkText } from '../checks.ts'
import { checkStopSignal } from './stop-signal.ts'

/** Adds what is wrong with the probes and hooks of a container that may have them. */
export function checkHooks(container: Container, spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const grace = spec.terminationGracePeriodSeconds
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container
  if (lifecycle?.postStart) checkHandler(lifecycle.postStart, grace, path.child('lifecycle', 'postStart'), errors)
  if (lifecycle?.preStop) checkHandler(lifecycle.preStop, grace, path.child('lifecycle', 'preStop'), errors)
  if (lifecycle?.stopSignal !== undefined)
    checkStopSignal(lifecycle.stopSignal, spec.os, path.child('lifecycle', 'stopSignal'), errors)
  if (livenessProbe) {
    checkProbe(livenessProbe, path.child('livenessProbe'), errors)
    checkOneSuccess(livenessProbe, path.child('livenessProbe'), errors)
  }
  if (readinessProbe) {
    const at = path.child('readinessProbe')
    checkProbe(readinessProbe, at, errors)
    const seconds = readinessProbe.terminationGracePeriodSeconds
    if (seconds !== undefined)
      errors.push(invalid(at.child('terminationGracePeriodSeconds'), seconds, 'must not be set for readinessProbes'))
  }
  if (startupProbe) {
    checkProbe(startupProbe, path.child('startupProbe'), errors)
    checkOneSuccess(startupProbe, path.child('startupProbe'), errors)
  }
}

function checkOneSuccess(probe: Probe, path: FieldPath, errors: FieldError[]): void {
  if (probe.successThreshold !== 1)
    errors.push(invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'))
}

const numbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

// pkg/apis/core/validation/validation.go validateProbe
function checkProbe(probe: Probe, path: FieldPath, errors: FieldError[]): void {
  checkHandler(probe, undefined, path, errors)
  for (const field of numbers) checkNonNegative(probe[field], path.child(field), errors)
  const seconds = probe.terminationGracePeriodSeconds
  if (seconds !== undefined && seconds <= 0)
    errors.push(invalid(path.child('terminationGracePeriodSeconds'), seconds, 'must be greater than 0'))
}

type Handler = ProbeHandler & LifecycleHandler
const types = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

// pkg/apis/core/validation/validation.go validateHandler
function checkHandler(handler: Handler, grace: number | undefined, path: FieldPath, errors: FieldError[]): void {
  let count = 0
  for (const type of types) {
    if (!handler[type]) continue
    const at = path.child(type)
    if (count++ > 0) errors.push(forbidden(at, 'may not specify more than 1 handler type'))
    else checkAction(type, handler, grace, at, errors)
  }
  if (count === 0) errors.push(required(path, 'must specify a handler type'))
}

function checkAction(
  type: (typeof types)[number],
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  grace: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (type === 'exec') {
    if ((exec?.command ?? []).length === 0) errors.push(required(path.child('command')))
  } else if (type === 'httpGet') checkHTTPGet(httpGet!, path, errors)
  else if (type === 'tcpSocket') checkPort(tcpSocket?.port, path.child('port'), errors)
  else if (type === 'grpc') checkPort(grpc?.port, path.child('port'), errors)
  else if (grace !== undefined && (sleep!.seconds < 0 || sleep!.seconds > grace)) {
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`
    errors.push(invalid(path, sleep!.seconds, detail))
  }
}

const schemes = ['HTTP', 'HTTPS']

function checkHTTPGet(http: HTTPGetAction, path: FieldPath, errors: FieldError[]): void {
  if (!http.path) errors.push(required(path.child('path')))
  checkPort(http.port, path.child('port'), errors)
  if (!schemes.includes(http.scheme ?? '')) errors.push(notSupported(path.child('scheme'), http.scheme ?? '', schemes))
  for (const header of http.httpHeaders ?? [])
    checkText(header.name, isHTTPHeaderName, path.child('httpHeaders'), errors)
}
