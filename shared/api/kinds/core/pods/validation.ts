import { duplicate, FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../../../machinery/names.ts'
import type { ContainerStatus, Pod } from '../../../types/core-v1.ts'
import { quote } from '../../../../machinery/quote.ts'
import { checkIP, ipFamily } from '../../addresses.ts'
import { checkText } from '../../checks.ts'
import { checkImageText } from '../../pod-spec/containers.ts'
import { checkPodSpec } from '../../pod-spec/spec.ts'
import { checkUpdate } from './update.ts'

const specPath = new FieldPath('spec')
const annotationsPath = new FieldPath('metadata', 'annotations')
export const mirror = 'kubernetes.io/config.mirror'
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'

// pkg/apis/core/validation/validation.go ValidatePodCreate
export function validate(pod: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkPod(pod, errors)
  if ((pod.spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'))
  if (pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length > 0)
    errors.push(forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'))
  return errors
}

// pkg/apis/core/validation/validation.go ValidatePodUpdate
export function validateUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkPod(pod, errors)
  checkAnnotationsKept(pod, old, errors)
  checkUpdate(pod, old, errors)
  return errors
}

// pkg/apis/core/validation/validation.go validatePodMetadataAndSpec
export function checkPod(pod: Pod, errors: FieldError[]): void {
  const { spec, metadata } = pod
  const annotations = metadata.annotations ?? {}
  if (mirror in annotations && !spec.nodeName) {
    const detail = 'must set spec.nodeName if mirror pod annotation is set'
    errors.push(invalid(annotationsPath.key(mirror), annotations[mirror], detail))
  }
  const cost = annotations[deletionCost]
  if (cost !== undefined && !isDeletionCost(cost))
    errors.push(invalid(annotationsPath.key(deletionCost), cost, 'must be a 32bit integer'))
  checkAppArmor(pod, annotations, errors)
  checkPodSpec(spec, metadata.name ?? '', true, specPath, errors)
  if (!spec.serviceAccountName)
    for (const [i, volume] of (spec.volumes ?? []).entries())
      for (const [j, source] of (volume.projected?.sources ?? []).entries()) {
        if (!source.serviceAccountToken) continue
        const at = specPath.child('volumes').index(i).child('projected', 'sources').index(j)
        const detail = 'must not be specified when serviceAccountName is not set'
        errors.push(forbidden(at.child('serviceAccountToken'), detail))
      }
  for (const list of ['containers', 'initContainers'] as const)
    for (const [i, container] of (spec[list] ?? []).entries())
      checkImageText(container, specPath.child(list).index(i), errors)
}

const appArmor = 'container.apparmor.security.beta.kubernetes.io/'

// pkg/apis/core/validation/validation.go ValidateAppArmorPodAnnotations
function checkAppArmor({ spec }: Pod, annotations: Record<string, string>, errors: FieldError[]): void {
  const names = new Set(
    [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])].map(
      (c) => c.name,
    ),
  )
  for (const [key, profile] of Object.entries(annotations)) {
    if (!key.startsWith(appArmor)) continue
    const name = key.slice(appArmor.length)
    if (!names.has(name)) errors.push(invalid(annotationsPath.key(key), name, 'container not found'))
    if (
      profile !== '' &&
      profile !== 'runtime/default' &&
      profile !== 'unconfined' &&
      !profile.startsWith('localhost/')
    )
      errors.push(invalid(annotationsPath.key(key), profile, `invalid AppArmor profile name: ${quote(profile)}`))
  }
}

// pkg/apis/core/helper/helpers.go GetDeletionCostFromPodAnnotations: no sign, no leading zeros
function isDeletionCost(text: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31
}

// pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotationUpdates
function checkAnnotationsKept(pod: Pod, old: Pod, errors: FieldError[]): void {
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

const known = new Set(['PodScheduled', 'Ready', 'Initialized'])

// pkg/apis/core/validation/validation.go ValidatePodStatusUpdate
export function validateStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkAnnotationsKept(pod, old, errors)
  const path = new FieldPath('status')
  const { status = {} } = pod
  // upstream looks for conditions in metadata, and writes Type
  const conditions = new FieldPath('metadata', 'conditions')
  for (const [i, { type }] of (status.conditions ?? []).entries())
    if (!known.has(type)) checkText(type, isQualifiedName, conditions.index(i).child('Type'), errors)
  if (status.nominatedNodeName && status.nominatedNodeName !== old.status?.nominatedNodeName)
    checkText(status.nominatedNodeName, isDNS1123Subdomain, path.child('nominatedNodeName'), errors)
  const { restartPolicy } = old.spec
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) {
    const policy = list === 'ephemeralContainerStatuses' ? 'Never' : restartPolicy
    checkStates(status[list] ?? [], old.status?.[list] ?? [], policy, restartable(old), path.child(list), errors)
  }
  checkClaimStatuses(pod, path.child('resourceClaimStatuses'), errors)
  for (const list of ['podIPs', 'hostIPs'] as const) checkIPs(status[list] ?? [], path.child(list), errors)
  const host = status.hostIPs?.[0]?.ip
  if (host !== undefined && host !== status.hostIP)
    errors.push(invalid(path.child('hostIPs').index(0).child('ip'), host, 'must be equal to `hostIP`'))
  return errors
}

// pkg/apis/core/validation/validation.go validatePodIPs, validateHostIPs: one of each family
function checkIPs(list: readonly { ip?: string }[], at: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  for (const [i, { ip = '' }] of list.entries()) checkIP(ip, at.index(i), errors)
  if (errors.length > before || list.length < 2) return
  const addresses = list.map(({ ip = '' }) => ip)
  const families = new Set(addresses.map(ipFamily))
  if (list.length > 2 || families.size < 2)
    errors.push(invalid(at, list, 'may specify no more than one IP for each IP family'))
  const seen = new Set<string>()
  for (const [i, ip] of addresses.entries()) {
    if (seen.has(ip)) errors.push(duplicate(at.index(i), list[i]))
    seen.add(ip)
  }
}

// pkg/apis/core/validation/validation.go validatePodResourceClaimStatuses
function checkClaimStatuses({ spec, status }: Pod, at: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, { name, resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const where = at.index(i).child('name')
    if (!(spec.resourceClaims ?? []).some((claim) => claim.name === name))
      errors.push(invalid(where, name, 'must match the name of an entry in `spec.resourceClaims`'))
    if (seen.has(name)) errors.push(duplicate(where, name))
    seen.add(name)
    if (resourceClaimName !== undefined) checkText(resourceClaimName, isDNS1123Subdomain, where, errors)
  }
}

// containers with a restart policy of their own may start again whatever the Pod's is
function restartable(pod: Pod): ReadonlySet<string> {
  const names = new Set<string>()
  for (const container of [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])])
    if (container.restartPolicy && container.restartPolicy !== 'Never') names.add(container.name)
  return names
}

// pkg/apis/core/validation/validation.go ValidateContainerStateTransition
function checkStates(
  now: readonly ContainerStatus[],
  before: readonly ContainerStatus[],
  policy: string | undefined,
  mayRestart: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (policy === 'Always') return
  for (const [i, old] of before.entries()) {
    const terminated = old.state?.terminated
    if (!terminated || mayRestart.has(old.name)) continue
    if (terminated.exitCode !== 0 && policy === 'OnFailure') continue
    for (const status of now)
      if (status.name === old.name && !status.state?.terminated)
        errors.push(forbidden(path.index(i).child('state'), 'may not be transitioned to non-terminated state'))
  }
}
