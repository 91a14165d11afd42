import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { PodTemplate } from '../../../types/core-v1.ts'
import { checkTemplate } from '../../pod-spec/spec.ts'

// pkg/apis/core/validation/validation.go ValidatePodTemplate
export function validate(obj: PodTemplate): FieldError[] {
  const errors: FieldError[] = []
  checkTemplate(obj.template ?? { spec: { containers: [] } }, new FieldPath('template'), errors)
  return errors
}
