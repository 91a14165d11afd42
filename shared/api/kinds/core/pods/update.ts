import { differenceText } from '../../difference.ts'
import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isInRange } from '../../../../machinery/names.ts'
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../../types/core-v1.ts'
import { checkImageText } from '../../pod-spec/containers.ts'

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
          'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
        ),
      )
      break
    }
  restore(rest, old, 'nodeSelector')
  const { nodeAffinity, ...others } = rest.affinity ?? {}
  const affinity = old.affinity?.nodeAffinity ? { ...others, nodeAffinity: old.affinity.nodeAffinity } : others
  if (!deepEqual(nodeAffinity, old.affinity?.nodeAffinity))
    checkTermsKept(nodeAffinity, old.affinity?.nodeAffinity, errors)
  if (Object.keys(affinity).length === 0 && !old.affinity) delete rest.affinity
  else rest.affinity = affinity
}

// pkg/apis/core/validation/validation.go validateNodeAffinityMutation
function checkTermsKept(now: NodeAffinity | undefined, before: NodeAffinity | undefined, errors: FieldError[]): void {
  const old = before?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const terms = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const at = path
    .child('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')
    .child('nodeSelectorTerms')
  if (old.length > 0 && terms?.length !== old.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    errors.push(invalid(at, terms ?? null, detail))
    return
  }
  for (const [i, term] of old.entries())
    if (!onlyAdds(terms?.[i] ?? {}, term))
      errors.push(invalid(at.index(i), terms?.[i], 'only additions are allowed (no mutations or deletions)'))
}

// a term that says nothing matches no node, and must go on doing so
function onlyAdds(now: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const
  const length = (term: NodeSelectorTerm): number =>
    (term.matchExpressions ?? []).length + (term.matchFields ?? []).length
  if (length(before) === 0) return length(now) === 0
  return lists.every((list) => {
    const old = before[list] ?? []
    return deepEqual((now[list] ?? []).slice(0, old.length), old)
  })
}
