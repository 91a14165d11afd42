import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../../../machinery/names.ts'
import type { Event } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'

// pkg/apis/core/validation/events.go legacyValidateEvent
export function validate(event: Event): FieldError[] {
  const errors: FieldError[] = []
  const namespace = event.metadata.namespace ?? ''
  const about = event.involvedObject?.namespace ?? ''
  // events about things without a namespace live in one of these
  const homes = event.eventTime ? ['default', 'kube-system'] : ['', 'default']
  const mismatch = about ? !event.eventTime && namespace !== about : !homes.includes(namespace)
  if (mismatch)
    errors.push(invalid(new FieldPath('involvedObject', 'namespace'), about, 'does not match event.namespace'))
  if (event.eventTime) checkNew(event, errors)
  checkText(namespace, isDNS1123Subdomain, new FieldPath('namespace'), errors)
  return errors
}

function checkNew(event: Event, errors: FieldError[]): void {
  const controller = event.reportingComponent ?? ''
  if (!controller) errors.push(required('reportingController'))
  checkText(controller, isQualifiedName, new FieldPath('reportingController'), errors)
  checkLength('reportingInstance', event.reportingInstance, 128, true, errors)
  checkLength('action', event.action, 128, true, errors)
  checkLength('reason', event.reason, 128, true, errors)
  checkLength('message', event.message, 1024, false, errors)
}

function checkLength(field: string, value: string | undefined, most: number, needed: boolean, errors: FieldError[]) {
  if (!value && needed) errors.push(required(field))
  if (Buffer.byteLength(value ?? '') > most) errors.push(invalid(field, '', `can have at most ${most} characters`))
}
