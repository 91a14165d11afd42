import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import type { PodSecurityContext, PodSpec, SecurityContext } from '../../types/core-v1.ts'
import { everyContainer } from './every-container.ts'

const systems = ['linux', 'windows']

/** Adds what is wrong with a Pod's operating system, and with what that system does not have. */
// pkg/apis/core/validation/validation.go validateOS, validateLinux, validateWindows
export function checkOS(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (!spec.os) return
  const { name } = spec.os
  if (!name) errors.push(required(path.child('os', 'name')))
  else if (!systems.includes(name)) errors.push(notSupported(path.child('os'), name, systems))
  else if (name === 'linux') checkLinux(spec, path, errors)
  else checkWindows(spec, path, errors)
}

function checkLinux(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const text = 'windows options cannot be set for a linux pod'
  const at = (owner: FieldPath): FieldPath => owner.child('securityContext', 'windowsOptions')
  if (spec.securityContext?.windowsOptions) errors.push(forbidden(at(path), text))
  for (const [container, owner] of everyContainer(spec, path))
    if (container.securityContext?.windowsOptions) errors.push(forbidden(at(owner), text))
}

const notOfPods: readonly (keyof PodSecurityContext)[] = [
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
]
const notOfContainers: readonly (keyof SecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]

function checkWindows(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const refuse = (at: FieldPath, value: unknown): void => {
    const set = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
    if (set) errors.push(forbidden(at, 'cannot be set for a windows pod'))
  }
  const context = spec.securityContext ?? {}
  const at = path.child('securityContext')
  refuse(at.child('appArmorProfile'), context.appArmorProfile)
  refuse(at.child('seLinuxOptions'), context.seLinuxOptions)
  if (spec.hostUsers !== undefined) refuse(path.child('hostUsers'), true)
  refuse(path.child('hostPID'), spec.hostPID)
  refuse(path.child('hostIPC'), spec.hostIPC)
  for (const field of notOfPods) refuse(at.child(field), context[field])
  if (spec.shareProcessNamespace !== undefined) refuse(path.child('shareProcessNamespace'), true)
  for (const [{ securityContext = {} }, owner] of everyContainer(spec, path))
    for (const field of notOfContainers)
      if (securityContext[field] !== undefined) refuse(owner.child('securityContext', field), true)
}

/** Adds what is wrong with a Pod some of whose containers are processes of a Windows host. */
// pkg/apis/core/validation/validation.go validateWindowsHostProcessPod
export function checkHostProcess(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  let all = 0
  let hostProcesses = 0
  for (const [container, owner] of everyContainer(spec, path)) {
    all++
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
      errors.push(invalid(owner.child('securityContext', 'windowsOptions', 'hostProcess'), own, detail))
    }
    if (own ?? ofPod) hostProcesses++
  }
  if (hostProcesses === 0) return
  if (hostProcesses !== all) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(invalid(path, '', detail))
  }
  if (!spec.hostNetwork) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers'
    errors.push(invalid(path.child('hostNetwork'), false, detail))
  }
}
