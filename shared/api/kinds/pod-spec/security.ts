import { invalid, notSupported, required, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isInRange } from '../../../machinery/names.ts'
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../../types/core-v1.ts'
import { checkRelativePath } from './paths.ts'
import { checkWindowsOptions } from './windows-options.ts'

const maxID = 2 ** 31 - 1

export function checkID(id: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (id !== undefined) for (const text of isInRange(id, 0, maxID)) errors.push(invalid(path, id, text))
}

// pkg/apis/core/validation/validation.go validatePodSpecSecurityContext
export function checkPodSecurity(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const context = spec.securityContext
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    )
  if (!context) return
  checkID(context.fsGroup, path.child('fsGroup'), errors)
  checkID(context.runAsUser, path.child('runAsUser'), errors)
  checkID(context.runAsGroup, path.child('runAsGroup'), errors)
  for (const [i, id] of (context.supplementalGroups ?? []).entries())
    checkID(id, path.child('supplementalGroups').index(i), errors)
  checkSysctls(spec, path.child('sysctls'), errors)
  const when = ['Always', 'OnRootMismatch']
  if (context.fsGroupChangePolicy !== undefined && !when.includes(context.fsGroupChangePolicy))
    errors.push(notSupported(path.child('fsGroupChangePolicy'), context.fsGroupChangePolicy, when))
  checkSeccomp(context.seccompProfile, path.child('seccompProfile'), errors)
  checkWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors)
  checkAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors)
  const merge = ['Merge', 'Strict']
  if (context.supplementalGroupsPolicy !== undefined && !merge.includes(context.supplementalGroupsPolicy))
    errors.push(notSupported(path.child('supplementalGroupsPolicy'), context.supplementalGroupsPolicy, merge))
  // MountOption is for clusters with the gate SELinuxMount, which v1.36 leaves off
  if (context.seLinuxChangePolicy !== undefined && context.seLinuxChangePolicy !== 'Recursive')
    errors.push(notSupported(path.child('seLinuxChangePolicy'), context.seLinuxChangePolicy, ['Recursive']))
}

const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const sysctlPattern = `^(${segment}[\\./])*${segment}$`
const sysctlName = new RegExp(sysctlPattern)

// pkg/apis/core/validation/validation.go validateSysctls
function checkSysctls(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, { name }] of (spec.securityContext?.sysctls ?? []).entries()) {
    const at = path.index(i).child('name')
    if (!name) errors.push(required(at))
    else if (name.length > 253 || !sysctlName.test(name))
      errors.push(invalid(at, name, `must have at most 253 characters and match regex ${sysctlPattern}`))
    else if (seen.has(name))
      errors.push({ type: 'FieldValueDuplicate', field: at.toString(), badValue: name, detail: '' })
    seen.add(name)
    const dotted = name.replaceAll('/', '.')
    if (spec.hostNetwork && dotted.startsWith('net.'))
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    if (spec.hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted))
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
  }
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

// pkg/apis/core/validation/validation.go validateSeccompProfileField
function checkSeccomp(profile: SeccompProfile | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!profile) return
  if (!profile.type) errors.push(required(path.child('type'), 'type is required when seccompProfile is set'))
  else if (!profileTypes.includes(profile.type))
    errors.push(notSupported(path.child('type'), profile.type, profileTypes))
  const at = path.child('localhostProfile')
  if (profile.type === 'Localhost') {
    if (profile.localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'))
    else checkRelativePath(profile.localhostProfile, at, errors)
  } else if (profile.localhostProfile !== undefined)
    errors.push(invalid(at, profile, 'can only be set when seccomp type is Localhost'))
}

// pkg/apis/core/validation/validation.go ValidateAppArmorProfileField
function checkAppArmor(profile: AppArmorProfile | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!profile) return
  const at = path.child('localhostProfile')
  const name = profile.localhostProfile
  if (profile.type === 'Localhost') {
    if (!name) errors.push(required(at, 'must be set when AppArmor type is Localhost'))
    else if (name.trim() !== name) errors.push(invalid(at, name, 'must not be padded with whitespace'))
  } else if (!profile.type) errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'))
  else if (!profileTypes.includes(profile.type))
    errors.push(notSupported(path.child('type'), profile.type, profileTypes))
  else if (name !== undefined) errors.push(invalid(at, name, 'can only be set when AppArmor type is Localhost'))
}

// pkg/apis/core/validation/validation.go ValidateSecurityContext
export function checkSecurity(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!context) return
  checkID(context.runAsUser, path.child('runAsUser'), errors)
  checkID(context.runAsGroup, path.child('runAsGroup'), errors)
  const mounts = ['Default', 'Unmasked']
  if (context.procMount !== undefined) {
    if (!mounts.includes(context.procMount))
      errors.push(notSupported(path.child('procMount'), context.procMount, mounts))
    if (hostUsers && context.procMount === 'Unmasked')
      errors.push(invalid(path.child('procMount'), context.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  checkSeccomp(context.seccompProfile, path.child('seccompProfile'), errors)
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged)
      errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      errors.push(
        invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'),
      )
  }
  checkWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors)
  checkAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors)
}
