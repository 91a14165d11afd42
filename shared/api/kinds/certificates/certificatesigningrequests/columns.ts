import { humanDuration } from '../../../../machinery/time.ts'
import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  ageColumn,
  column('SignerName', 'Who is asked to sign.'),
  column('Requestor', 'Who asks.'),
  column('RequestedDuration', 'How long the certificate should be valid.'),
  column('Condition', 'What became of the request.'),
]

// pkg/printers/internalversion/printers.go printCertificateSigningRequest
export function row(obj: CertificateSigningRequest, now: number): Cell[] {
  const seconds = obj.spec.expirationSeconds
  return [
    obj.metadata.name ?? '',
    age(obj, now),
    obj.spec.signerName || '<none>',
    obj.spec.username ?? '',
    seconds === undefined ? '<none>' : humanDuration(seconds * 1000),
    condition(obj),
  ]
}

function condition({ status }: CertificateSigningRequest): string {
  const has = (type: string) => (status?.conditions ?? []).some((c) => c.type === type)
  let text = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  if (has('Failed')) text += ',Failed'
  if (status?.certificate) text += ',Issued'
  return text
}
