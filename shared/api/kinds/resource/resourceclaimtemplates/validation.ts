import { FieldPath, forbidden, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ResourceClaimTemplate } from '../../../types/resource-v1.ts'
import { checkImmutable } from '../../checks.ts'
import { checkAnnotations, checkLabels } from '../../meta.ts'
import { checkDeviceClaim } from '../requests.ts'

const path = new FieldPath('spec')

// pkg/apis/resource/validation/validation.go ValidateResourceClaimTemplate
export function validate({ spec }: ResourceClaimTemplate): FieldError[] {
  const errors: FieldError[] = []
  const { annotations, labels, ...rest } = spec.metadata ?? {}
  checkAnnotations(annotations, path.child('metadata', 'annotations'), errors)
  checkLabels(labels, path.child('metadata', 'labels'), errors)
  for (const field of Object.keys(rest)) errors.push(forbidden(path.child('metadata', field), 'cannot be set'))
  checkDeviceClaim(spec.spec?.devices ?? { requests: [] }, path.child('spec', 'devices'), errors)
  return errors
}

// pkg/apis/resource/validation/validation.go ValidateResourceClaimTemplateUpdate
export function validateUpdate(template: ResourceClaimTemplate, old: ResourceClaimTemplate): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(template.spec, old.spec, path, errors)
  return errors
}
