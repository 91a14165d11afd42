import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, invalid, required, tooLong, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { VolumeAttachment, VolumeAttachmentSpec, VolumeError } from '../../../types/storage-v1.ts'
import { checkText } from '../../checks.ts'
import { checkInlineVolume } from '../../core/persistentvolumes/validation.ts'
import { checkDriverName } from '../parameters.ts'

const path = new FieldPath('spec')
const maxMetadata = 256 * 1024
const maxMessage = 1024
const maxInt32 = 2 ** 31 - 1

// pkg/apis/storage/validation/validation.go ValidateVolumeAttachment, ValidateVolumeAttachmentV1
export function validate(obj: VolumeAttachment): FieldError[] {
  const { spec } = obj
  const errors: FieldError[] = []
  if (!spec.attacher) errors.push(required(path.child('attacher')))
  checkSource(spec, path.child('source'), errors)
  checkText(spec.nodeName ?? '', isDNS1123Subdomain, path.child('nodeName'), errors)
  errors.push(...checkStatus(obj))
  checkDriverName(spec.attacher, path.child('attacher'), errors)
  const volume = spec.source?.persistentVolumeName
  if (volume !== undefined) checkText(volume, isDNS1123Subdomain, path.child('source', 'persistentVolumeName'), errors)
  return errors
}

function checkSource({ source = {} }: VolumeAttachmentSpec, at: FieldPath, errors: FieldError[]): void {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inline === undefined && name === undefined) errors.push(required(at, text))
  else if (inline !== undefined && name !== undefined) errors.push(forbidden(at, text))
  else if (name === '')
    errors.push(required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'))
  else if (inline) checkInlineVolume(inline, at.child('inlineVolumeSpec'), errors)
}

// pkg/apis/storage/validation/validation.go validateVolumeAttachmentStatus
function checkStatus({ status }: VolumeAttachment): FieldError[] {
  const errors: FieldError[] = []
  const at = new FieldPath('status')
  const entries = Object.entries(status?.attachmentMetadata ?? {})
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size > maxMetadata) errors.push(tooLong(at.child('attachmentMetadata'), '', maxMetadata))
  for (const field of ['attachError', 'detachError'] as const) checkError(status?.[field], at.child(field), errors)
  return errors
}

function checkError(error: VolumeError | undefined, at: FieldPath, errors: FieldError[]): void {
  if (Buffer.byteLength(error?.message ?? '') > maxMessage) errors.push(tooLong(at.child('message'), '', maxMetadata))
  const code = error?.errorCode
  if (code !== undefined && code < 0)
    errors.push(invalid(at.child('errorCode'), code, `must be between 0 and ${maxInt32}, inclusive`))
}

// pkg/apis/storage/validation/validation.go ValidateVolumeAttachmentUpdate
export function validateUpdate(obj: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  const errors = validate(obj)
  if (!deepEqual(obj.spec, old.spec)) errors.push(invalid(path, obj.spec, 'field is immutable'))
  return errors
}
