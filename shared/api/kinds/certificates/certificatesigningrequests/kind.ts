import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { prepareForUpdate, prepareForStatusUpdate } from './strategy.ts'
import { selectableFields } from './fields.ts'

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
  selectableFields,
})
