import { FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { Pod } from '../../../types/core-v1.ts'
import { checkImageText } from '../../pod-spec/containers.ts'
import { checkPodSpec } from '../../pod-spec/spec.ts'
import { checkAnnotationsKept, checkProfiles, checkProfilesAgree, mirror } from './annotations.ts'
import { checkUpdate } from './update.ts'

const specPath = new FieldPath('spec')
const annotationsPath = new FieldPath('metadata', 'annotations')
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'

// pkg/apis/core/validation/validation.go ValidatePodCreate
export function validate(pod: Pod): FieldError[] {
  const errors: FieldError[] = []
  checkPod(pod, errors)
  if ((pod.spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'))
  if (pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length > 0)
    errors.push(forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'))
  checkProfilesAgree(pod, errors)
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
  checkProfiles(pod, errors)
  if (mirror in annotations && (spec.resourceClaims ?? []).length > 0)
    errors.push(forbidden('', 'static pods do not support resource claims'))
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
