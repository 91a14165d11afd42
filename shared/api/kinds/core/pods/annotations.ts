import { FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { quote } from '../../../../machinery/quote.ts'
import type { Pod, SeccompProfile as Profile } from '../../../types/core-v1.ts'
import { everyContainer } from '../../pod-spec/every-container.ts'
import { checkRelativePath } from '../../pod-spec/paths.ts'

const specPath = new FieldPath('spec')
const annotationsPath = new FieldPath('metadata', 'annotations')
export const mirror = 'kubernetes.io/config.mirror'
const appArmor = 'container.apparmor.security.beta.kubernetes.io/'

const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompOfContainer = 'container.seccomp.security.alpha.kubernetes.io/'
const localhost = 'localhost/'

/** Adds what is wrong with the annotations that were there before the fields. */
// pkg/apis/core/validation/validation.go ValidateSeccompPodAnnotations, ValidateAppArmorPodAnnotations
export function checkProfiles({ spec, metadata }: Pod, errors: FieldError[]): void {
  const annotations = Object.entries(metadata.annotations ?? {})
  for (const [key, profile] of annotations)
    if (key === seccompOfPod || key.startsWith(seccompOfContainer))
      checkSeccomp(profile, annotationsPath.child(key), errors)
  const names = new Set<string>()
  for (const [{ name }] of everyContainer(spec, specPath)) names.add(name)
  for (const [key, profile] of annotations) {
    if (!key.startsWith(appArmor)) continue
    const name = key.slice(appArmor.length)
    if (!names.has(name)) errors.push(invalid(annotationsPath.key(key), name, 'container not found'))
    if (!['', 'runtime/default', 'unconfined'].includes(profile) && !profile.startsWith(localhost))
      errors.push(invalid(annotationsPath.key(key), profile, `invalid AppArmor profile name: ${quote(profile)}`))
  }
}

function checkSeccomp(profile: string, path: FieldPath, errors: FieldError[]): void {
  if ([...seccompNames.values()].flat().includes(profile)) return
  if (profile.startsWith(localhost)) checkRelativePath(profile.slice(localhost.length), path, errors)
  else errors.push(invalid(path, profile, 'must be a valid seccomp profile'))
}

type Names = ReadonlyMap<string, readonly string[]>
const seccompNames: Names = new Map([
  ['RuntimeDefault', ['runtime/default', 'docker/default']],
  ['Unconfined', ['unconfined']],
])
const appArmorNames: Names = new Map([
  ['RuntimeDefault', ['runtime/default']],
  ['Unconfined', ['unconfined']],
])

/** Adds where a new Pod's annotations and fields disagree about its profiles. */
// pkg/apis/core/validation/validation.go validateSeccompAnnotationsAndFields, validateAppArmorAnnotationsAndFieldsMatchOnCreate
export function checkProfilesAgree({ spec, metadata }: Pod, errors: FieldError[]): void {
  const { annotations = {} } = metadata
  const agree = (what: 'seccomp' | 'apparmor', key: string, profile: Profile | undefined, owner: FieldPath): void => {
    if (annotations[key] === undefined || !profile) return
    const names: Names = what === 'seccomp' ? seccompNames : appArmorNames
    const at = owner.child('securityContext', what === 'seccomp' ? 'seccompProfile' : 'appArmorProfile')
    const field = disagreement(annotations[key], profile, names)
    const word = field === 'type' ? 'type' : 'profile'
    if (field) errors.push(forbidden(at.child(field), `${what} ${word} in annotation and field must match`))
  }
  agree('seccomp', seccompOfPod, spec.securityContext?.seccompProfile, specPath)
  for (const [{ name, securityContext }, path] of everyContainer(spec, specPath))
    agree('seccomp', seccompOfContainer + name, securityContext?.seccompProfile, path)
  if (spec.os?.name !== 'windows')
    for (const [{ name, securityContext }, path] of everyContainer(spec, specPath))
      agree('apparmor', appArmor + name, securityContext?.appArmorProfile, path)
}

function disagreement(text: string, profile: Profile, names: Names): keyof Profile | undefined {
  if (profile.type !== 'Localhost') return names.get(profile.type)?.includes(text) === false ? 'type' : undefined
  if (!text.startsWith(localhost)) return 'type'
  return text.slice(localhost.length) === profile.localhostProfile ? undefined : 'localhostProfile'
}

// pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotationUpdates
export function checkAnnotationsKept(pod: Pod, old: Pod, errors: FieldError[]): void {
  const now = pod.metadata.annotations ?? {}
  const before = old.metadata.annotations ?? {}
  const what = (key: string): string | undefined =>
    key === mirror ? 'mirror pod annotation' : key.startsWith(appArmor) ? 'AppArmor annotations' : undefined
  for (const key of Object.keys(before))
    if (what(key) && now[key] !== before[key])
      errors.push(forbidden(annotationsPath.key(key), `may not remove or update ${what(key)}`))
  for (const key of Object.keys(now))
    if (what(key) && before[key] === undefined)
      errors.push(forbidden(annotationsPath.key(key), `may not add ${what(key)}`))
}
