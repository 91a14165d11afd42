import { deepEqual } from '../../../../machinery/deep.ts'
import {
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { quote } from '../../../../machinery/quote.ts'
import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'
import { checkSignerName } from '../../signer-name.ts'
import { differenceText } from '../../difference.ts'
import { certificateProblem, requestProblem } from './request.ts'

type Request = CertificateSigningRequest

const spec = new FieldPath('spec')
const conditionsPath = new FieldPath('status', 'conditions')
const certificatePath = new FieldPath('status', 'certificate')
const legacySigner = 'kubernetes.io/legacy-unknown'
const minSeconds = 600
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

// pkg/apis/certificates/validation/validation.go ValidateCertificateSigningRequestCreate
export function validate(request: Request): FieldError[] {
  return check(request, undefined)
}

// pkg/apis/certificates/validation/validation.go validateCertificateSigningRequest: what was there before is let be
function check(request: Request, old: Request | undefined): FieldError[] {
  const errors: FieldError[] = []
  const { request: pem = '', usages: given = [], signerName = '', expirationSeconds: seconds } = request.spec
  const problem = requestProblem(pem)
  if (problem) errors.push(invalid(spec.child('request'), pem, problem))
  if (given.length === 0) errors.push(required(spec.child('usages')))
  if (!deepEqual(given, old?.spec.usages)) {
    for (const [i, usage] of given.entries())
      if (!usages.includes(usage)) errors.push(notSupported(spec.child('usages').index(i), usage, usages))
    for (const [i, usage] of given.entries())
      if (given.indexOf(usage) < i) errors.push(duplicate(spec.child('usages').index(i), usage))
  }
  if (signerName === legacySigner && old?.spec.signerName !== legacySigner) {
    const detail = 'the legacy signerName is not allowed via this API version'
    errors.push(invalid(spec.child('signerName'), signerName, detail))
  } else checkSignerName(signerName, spec.child('signerName'), errors)
  if (seconds !== undefined && seconds < minSeconds) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalid(spec.child('expirationSeconds'), seconds, detail))
  }
  if (!deepEqual(request.status?.conditions, old?.status?.conditions)) checkConditions(request, errors)
  const certificate = request.status?.certificate ?? ''
  const wrong = certificate === (old?.status?.certificate ?? '') ? undefined : certificateProblem(certificate)
  if (wrong) errors.push(invalid(certificatePath, '<certificate data>', wrong))
  return errors
}

const alwaysTrue = new Set(['Approved', 'Denied', 'Failed'])
const statuses = ['False', 'True', 'Unknown']

function checkConditions({ status }: Request, errors: FieldError[]): void {
  const seen = new Set<string>()
  const exclusive = 'Approved and Denied conditions are mutually exclusive'
  for (const [i, { type, status: value }] of (status?.conditions ?? []).entries()) {
    const at = conditionsPath.index(i)
    if (!type) errors.push(required(at.child('type')))
    const allowed = alwaysTrue.has(type) ? ['True'] : statuses
    if (!value) errors.push(required(at.child('status')))
    else if (!allowed.includes(value)) errors.push(notSupported(at.child('status'), value, allowed))
    if ((type === 'Approved' && seen.has('Denied')) || (type === 'Denied' && seen.has('Approved')))
      errors.push(invalid(at.child('type'), type, exclusive))
    if (seen.has(type)) errors.push(duplicate(at.child('type'), type))
    seen.add(type)
  }
}

/** What may not be taken back, nor, unless allowed, be added or changed. */
// pkg/apis/certificates/validation/validation.go validateCertificateSigningRequestUpdate
function checkUpdate(request: Request, old: Request, may: { approve?: boolean; issue?: boolean }): FieldError[] {
  const errors = check(request, old)
  const of = ({ status }: Request, type: string) => (status?.conditions ?? []).filter((one) => one.type === type)
  for (const type of alwaysTrue)
    if (of(request, type).length < of(old, type).length)
      errors.push(forbidden(conditionsPath, `updates may not remove a condition of type ${quote(type)}`))
  if (!may.approve)
    for (const type of ['Approved', 'Denied']) {
      const [now, before] = [of(request, type), of(old, type)]
      if (now.length > before.length)
        errors.push(forbidden(conditionsPath, `updates may not add a condition of type ${quote(type)}`))
      else if (now.length === before.length && !deepEqual(now, before)) {
        const text = `updates may not modify a condition of type ${quote(type)}`
        errors.push(forbidden(conditionsPath, `${text}\n${differenceText(before[0] ?? {}, now[0] ?? {})}`))
      }
    }
  const before = old.status?.certificate ?? ''
  if ((request.status?.certificate ?? '') === before) return errors
  if (!may.issue) errors.push(forbidden(certificatePath, 'updates may not set certificate content'))
  else if (before !== '') errors.push(forbidden(certificatePath, 'updates may not modify existing certificate content'))
  return errors
}

export const validateUpdate = (request: Request, old: Request): FieldError[] => checkUpdate(request, old, {})

export const validateStatusUpdate = (request: Request, old: Request): FieldError[] =>
  checkUpdate(request, old, { issue: true })

export const validateApproval = (request: Request, old: Request): FieldError[] =>
  checkUpdate(request, old, { approve: true })
