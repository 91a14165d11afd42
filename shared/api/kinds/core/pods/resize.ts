import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { podQOS } from '../../../pod.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../types/core-v1.ts'
import { mirror } from './annotations.ts'
import { checkPod } from './validation.ts'

const path = new FieldPath('spec')

/** What an update of the subresource resize may not do; its strategy has taken all but resources from `old`. */
// pkg/apis/core/validation/validation.go ValidatePodResize
export function validateResize(pod: Pod, old: Pod): FieldError[] {
  const refusal = refusalOf(old)
  if (refusal) return [forbidden('', refusal)]
  const errors: FieldError[] = []
  checkPod(pod, errors)
  if (podQOS(pod) !== (old.status?.qosClass || podQOS(old)))
    errors.push(invalid(path, pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  if (!nodeCanResize(old)) errors.push(forbidden(path, 'Pod running on node without support for resize'))
  checkWhole(pod.spec.resources, old.spec.resources, errors)
  for (const list of ['initContainers', 'containers'] as const)
    for (const [i, before] of (old.spec[list] ?? []).entries()) {
      const now = pod.spec[list]?.[i]
      if (!now || (list === 'initContainers' && before.restartPolicy !== 'Always')) continue
      checkNothingRemoved(
        now.resources ?? {},
        before.resources ?? {},
        path.child(list).index(i).child('resources'),
        errors,
      )
    }
  checkOthers(pod.spec, old.spec, errors)
  return errors
}

function refusalOf(old: Pod): string | undefined {
  if (old.metadata.annotations?.[mirror] !== undefined) return 'static pods cannot be resized'
  return old.spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined
}

// a kubelet that can resize says what each running container has
function nodeCanResize({ status }: Pod): boolean {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running)
  return !running || running.resources !== undefined
}

// validation.go validatePodLevelResourcesResize
function checkWhole(
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
  errors: FieldError[],
): void {
  const at = path.child('resources')
  if (before && !now) {
    errors.push(forbidden(at, 'pod-level resources cannot be removed'))
    return
  }
  for (const list of ['requests', 'limits'] as const)
    if (Object.keys(before?.[list] ?? {}).some((name) => now?.[list]?.[name] === undefined))
      errors.push(forbidden(at.child(list), `pod-level resource ${list} cannot be removed`))
  const rest = (of: ResourceRequirements | undefined) => [others(of?.requests), others(of?.limits), of?.claims ?? []]
  if (!deepEqual(rest(now), rest(before)))
    errors.push(forbidden(path, 'only cpu and memory resources are mutable at pod-level'))
}

function checkNothingRemoved(
  now: ResourceRequirements,
  before: ResourceRequirements,
  at: FieldPath,
  errors: FieldError[],
): void {
  for (const list of ['requests', 'limits'] as const)
    if (Object.keys(before[list] ?? {}).some((name) => now[list]?.[name] === undefined))
      errors.push(forbidden(at.child(list), `resource ${list} cannot be removed`))
}

// processor and memory alone can be had without a new Pod
function checkOthers(spec: PodSpec, old: PodSpec, errors: FieldError[]): void {
  const texts = {
    containers: 'only cpu and memory resources are mutable',
    sidecars: 'only cpu and memory resources for sidecar containers are mutable',
    initContainers: 'resources for non-sidecar init containers are immutable',
  }
  for (const [i, before] of (old.containers ?? []).entries())
    if (!sameOtherwise(spec.containers?.[i], before)) errors.push(forbidden(path, texts.containers))
  for (const [i, before] of (old.initContainers ?? []).entries()) {
    const now = spec.initContainers?.[i]
    const sidecar = before.restartPolicy === 'Always'
    if (sidecar && !sameOtherwise(now, before)) errors.push(forbidden(path, texts.sidecars))
    if (!sidecar && !deepEqual(now, before)) errors.push(forbidden(path, texts.initContainers))
  }
}

function sameOtherwise(now: Container | undefined, before: Container): boolean {
  const rest = ({ resources, resizePolicy: _, ...container }: Container) => ({
    ...container,
    limits: others(resources?.limits),
    requests: others(resources?.requests),
    claims: resources?.claims,
  })
  return now !== undefined && deepEqual(rest(now), rest(before))
}

function others(list: Record<string, string> | undefined): Record<string, string> {
  const { cpu: _c, memory: _m, ...rest } = list ?? {}
  return rest
}
