import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label } from '../../../../machinery/names.ts'
import type { RuntimeClass } from '../../../types/node-v1.ts'
import { checkImmutable, checkText } from '../../checks.ts'
import { checkLabels } from '../../meta.ts'
import { checkResources } from '../../pod-spec/resources.ts'
import { checkTolerations } from '../../pod-spec/scheduling.ts'

// pkg/apis/node/validation/validation.go ValidateRuntimeClass
export function validate(obj: RuntimeClass): FieldError[] {
  const errors: FieldError[] = []
  checkText(obj.handler ?? '', isDNS1123Label, new FieldPath('handler'), errors)
  const overhead = obj.overhead?.podFixed
  if (overhead) checkResources({ limits: overhead }, new Set(), new FieldPath('overhead', 'podFixed'), errors)
  const path = new FieldPath('scheduling')
  checkLabels(obj.scheduling?.nodeSelector, path.child('nodeSelector'), errors)
  checkTolerations(obj.scheduling?.tolerations ?? [], path.child('tolerations'), errors)
  return errors
}

// pkg/apis/node/validation/validation.go ValidateRuntimeClassUpdate
export function validateUpdate(obj: RuntimeClass, old: RuntimeClass): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(obj.handler, old.handler, new FieldPath('handler'), errors)
  return errors
}
