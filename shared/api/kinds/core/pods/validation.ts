import { FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../../../machinery/names.ts'
import type { ContainerStatus, Pod } from '../../../types/core-v1.ts'
import { checkIP } from '../../addresses.ts'
import { checkText } from '../../checks.ts'
import { checkImageText } from '../../pod-spec/containers.ts'
import { checkPodSpec } from '../../pod-spec/spec.ts'
import { checkUpdate } from './update.ts'

const specPath = new FieldPath('spec')
const annotationsPath = new FieldPath('metadata', 'annotations')
const mirror = 'kubernetes.io/config.mirror'
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'

// pkg/apis/core/validation/validation.go ValidatePodCreate
export function validate(pod: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkPod(pod, errors)
  // without a resourceVersion the Pod is new; the subresource ephemeralcontainers comes here with stored ones
  if (!pod.metadata.resourceVersion && (pod.spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'))
  if (pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length > 0)
    errors.push(forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'))
  return errors
}

// pkg/apis/core/validation/validation.go ValidatePodUpdate
export function validateUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkPod(pod, errors)
  checkMirror(pod, old, errors)
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

// pkg/apis/core/helper/helpers.go GetDeletionCostFromPodAnnotations: no sign, no leading zeros
function isDeletionCost(text: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31
}

// pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotationUpdates
function checkMirror(pod: Pod, old: Pod, errors: FieldError[]): void {
  const now = pod.metadata.annotations?.[mirror]
  const before = old.metadata.annotations?.[mirror]
  if (now === before) return
  const detail =
    before === undefined ? 'may not add mirror pod annotation' : 'may not remove or update mirror pod annotation'
  errors.push(forbidden(annotationsPath.key(mirror), detail))
}

const known = new Set(['PodScheduled', 'Ready', 'Initialized'])

// pkg/apis/core/validation/validation.go ValidatePodStatusUpdate
export function validateStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkMirror(pod, old, errors)
  const path = new FieldPath('status')
  const { status = {} } = pod
  for (const [i, { type }] of (status.conditions ?? []).entries())
    if (!known.has(type)) checkText(type, isQualifiedName, path.child('conditions').index(i).child('type'), errors)
  if (status.nominatedNodeName && status.nominatedNodeName !== old.status?.nominatedNodeName)
    checkText(status.nominatedNodeName, isDNS1123Subdomain, path.child('nominatedNodeName'), errors)
  const { restartPolicy } = old.spec
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) {
    const policy = list === 'ephemeralContainerStatuses' ? 'Never' : restartPolicy
    checkStates(status[list] ?? [], old.status?.[list] ?? [], policy, restartable(old), path.child(list), errors)
  }
  for (const [i, { ip }] of (status.podIPs ?? []).entries()) checkIP(ip, path.child('podIPs').index(i), errors)
  for (const [i, { ip }] of (status.hostIPs ?? []).entries()) checkIP(ip, path.child('hostIPs').index(i), errors)
  const host = status.hostIPs?.[0]?.ip
  if (host !== undefined && host !== status.hostIP)
    errors.push(invalid(path.child('hostIPs').index(0).child('ip'), host, 'must be equal to `hostIP`'))
  return errors
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
