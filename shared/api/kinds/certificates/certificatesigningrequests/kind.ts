import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { prepareForCreate, prepareForUpdate, prepareForStatusUpdate, stampConditions } from './strategy.ts'
import { selectableFields } from './fields.ts'
import { validate, validateApproval, validateStatusUpdate, validateUpdate } from './validation.ts'

export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  namespaced: false,
  shortNames: ['csr'],
  subresources: ['approval', 'status'],
  columns,
  row,
  prepareForUpdate,
  prepareForStatusUpdate,
  prepareForSubresource: { approval: stampConditions },
  selectableFields,
  nameRule: 'any',
  prepareForCreate,
  validate,
  validateUpdate,
  validateStatusUpdate,
  validateSubresource: { approval: validateApproval },
})
