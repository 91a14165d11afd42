import { differenceText } from '../../difference.ts'
import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isInRange } from '../../../../machinery/names.ts'
import type { Container, Pod, PodSpec, Toleration } from '../../../types/core-v1.ts'
import { checkImageText } from '../../pod-spec/containers.ts'
import { podQOS } from '../../../pod.ts'

const path = new FieldPath('spec')
const maxInt32 = 2 ** 31 - 1

const changeable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** Adds what an update may not do to a Pod's spec. */
// pkg/apis/core/validation/validation.go ValidatePodUpdate
export function checkUpdate(pod: Pod, old: Pod, errors: FieldError[]): void {
  for (const list of ['containers', 'initContainers'] as const)
    if (!checkContainers(pod.spec[list] ?? [], old.spec[list] ?? [], path.child(list), errors)) return
  if (!checkDeadline(pod.spec, old.spec, errors)) return
  checkAddedOnly(pod.spec.tolerations ?? [], old.spec.tolerations ?? [], errors)
  checkGates(pod.spec, old.spec, errors)
  if (deepEqual(pod.spec, old.spec)) return
  if (podQOS(pod) !== (old.status?.qosClass || podQOS(old)))
    errors.push(
      invalid(
        new FieldPath('metadata'),
        pod.status?.qosClass ?? '',
        'Pod QOS Class may not change as a result of resizing',
      ),
    )
  const rest = withoutChangeable(pod.spec, old.spec, errors)
  if (deepEqual(rest, old.spec)) return
  const text = `pod updates may not change fields other than ${changeable}\n${differenceText(old.spec, rest)}`
  errors.push(forbidden(path, text))
}

function checkContainers(
  containers: readonly Container[],
  old: readonly Container[],
  at: FieldPath,
  errors: FieldError[],
): boolean {
  if (containers.length !== old.length) {
    errors.push(forbidden(at, 'pod updates may not add or remove containers'))
    return false
  }
  for (const [i, container] of containers.entries()) {
    if (!container.image) errors.push(required(at.index(i).child('image')))
    checkImageText(container, at.index(i), errors)
  }
  return true
}

// from nothing to something, or from more to less
function checkDeadline(spec: PodSpec, old: PodSpec, errors: FieldError[]): boolean {
  const at = path.child('activeDeadlineSeconds')
  const seconds = spec.activeDeadlineSeconds
  const before = old.activeDeadlineSeconds
  if (seconds === undefined) {
    if (before !== undefined) errors.push(invalid(at, null, 'must not update from a positive integer to nil value'))
    return true
  }
  const texts = isInRange(seconds, 0, maxInt32)
  for (const text of texts) errors.push(invalid(at, seconds, text))
  if (texts.length > 0) return false
  if (before !== undefined && before < seconds) {
    errors.push(invalid(at, seconds, 'must be less than or equal to previous value'))
    return false
  }
  return true
}

// pkg/apis/core/validation/validation.go validateOnlyAddedTolerations
function checkAddedOnly(tolerations: readonly Toleration[], old: readonly Toleration[], errors: FieldError[]): void {
  const kept = old.every((before) =>
    tolerations.some((now) => deepEqual({ ...before, tolerationSeconds: now.tolerationSeconds }, now)),
  )
  if (!kept) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds'
    errors.push(forbidden(path.child('tolerations'), detail))
  }
}

// pkg/apis/core/validation/validation.go validateOnlyDeletedSchedulingGates
function checkGates(spec: PodSpec, old: PodSpec, errors: FieldError[]): void {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name))
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (before.has(name)) continue
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`
    errors.push(forbidden(path.child('schedulingGates').index(i).child('name'), detail))
  }
}

// the new spec with each field that may change put back to what it was
function withoutChangeable(spec: PodSpec, old: PodSpec, errors: FieldError[]): PodSpec {
  const rest: PodSpec = { ...spec }
  for (const list of ['containers', 'initContainers'] as const)
    if (spec[list]) rest[list] = spec[list].map((container, i) => ({ ...container, image: old[list]?.[i]?.image }))
  restore(rest, old, 'activeDeadlineSeconds')
  restore(rest, old, 'schedulingGates')
  restore(rest, old, 'tolerations')
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && rest.terminationGracePeriodSeconds === 1)
    restore(rest, old, 'terminationGracePeriodSeconds')
  if ((old.schedulingGates ?? []).length > 0) restoreGated(rest, old, errors)
  return rest
}

function restore<K extends keyof PodSpec>(rest: PodSpec, old: PodSpec, field: K): void {
  if (old[field] === undefined) delete rest[field]
  else rest[field] = old[field]
}

// a Pod that waits at a gate may still be given more constraints on its node
function restoreGated(rest: PodSpec, old: PodSpec, errors: FieldError[]): void {
  for (const [key, value] of Object.entries(old.nodeSelector ?? {}))
    if (rest.nodeSelector?.[key] !== value) {
      errors.push(
        invalid(
          path.child('nodeSelector'),
          rest.nodeSelector ?? {},
          'only additions are allowed (no mutations or deletions)',
        ),
      )
      break
    }
  restore(rest, old, 'nodeSelector')
  const { nodeAffinity, ...others } = rest.affinity ?? {}
  const affinity = old.affinity?.nodeAffinity ? { ...others, nodeAffinity: old.affinity.nodeAffinity } : others
  const terms = old.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const now = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (terms && terms.length !== now?.length) {
    const at = path.child('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')
    errors.push(
      invalid(
        at.child('nodeSelectorTerms'),
        now ?? null,
        'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
      ),
    )
  }
  if (Object.keys(affinity).length === 0 && !old.affinity) delete rest.affinity
  else rest.affinity = affinity
}
