import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1035Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { APIService } from '../../../types/apiregistration-v1.ts'

const spec = new FieldPath('spec')

// kube-aggregator/pkg/apis/apiregistration/validation/validation.go ValidateAPIService
export function validate(obj: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum, versionPriority, service } = obj.spec
  const errors: FieldError[] = []
  const name = obj.metadata.name ?? ''
  const wanted = `${version}.${group}`
  // what is no name at all has been told already
  if (name !== wanted && isPathSegment(name)) {
    const text = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`
    errors.push(invalid(new FieldPath('metadata', 'name'), name, text))
  }
  if (group === '' && version !== 'v1') {
    errors.push(required(spec.child('group'), 'only v1 may have an empty group and it better be legacy kube'))
  }
  if (group !== '') {
    for (const text of isDNS1123Subdomain(group)) errors.push(invalid(spec.child('group'), group, text))
  }
  for (const text of isDNS1035Label(version)) errors.push(invalid(spec.child('version'), version, text))
  if (!(groupPriorityMinimum > 0 && groupPriorityMinimum <= 20_000)) {
    const text = 'must be positive and less than 20000'
    errors.push(invalid(spec.child('groupPriorityMinimum'), groupPriorityMinimum, text))
  }
  if (!(versionPriority > 0 && versionPriority <= 1000)) {
    errors.push(invalid(spec.child('versionPriority'), versionPriority, 'must be positive and less than 1000'))
  }
  return errors.concat(service === undefined ? validateLocal(obj) : validateRemote(obj))
}

function validateLocal({ spec: { caBundle = '', insecureSkipTLSVerify = false } }: APIService): FieldError[] {
  const errors: FieldError[] = []
  const bytes = Buffer.byteLength(caBundle, 'base64')
  if (bytes > 0) {
    errors.push(invalid(spec.child('caBundle'), `${bytes} bytes`, 'local APIServices may not have a caBundle'))
  }
  if (insecureSkipTLSVerify) {
    const text = 'local APIServices may not have insecureSkipTLSVerify'
    errors.push(invalid(spec.child('insecureSkipTLSVerify'), insecureSkipTLSVerify, text))
  }
  return errors
}

function validateRemote({ spec: { service = {}, caBundle = '', insecureSkipTLSVerify } }: APIService): FieldError[] {
  const errors: FieldError[] = []
  if (!service.namespace) errors.push(required(spec.child('service', 'namespace')))
  if (!service.name) errors.push(required(spec.child('service', 'name')))
  if (insecureSkipTLSVerify === true && caBundle !== '') {
    const text = 'may not be true if caBundle is present'
    errors.push(invalid(spec.child('insecureSkipTLSVerify'), insecureSkipTLSVerify, text))
  }
  return errors
}

const statuses = ['True', 'False', 'Unknown']

// kube-aggregator/pkg/apis/apiregistration/validation/validation.go ValidateAPIServiceStatus
export function validateStatusUpdate(obj: APIService): FieldError[] {
  return (obj.status?.conditions ?? []).flatMap(({ status }, i) =>
    statuses.includes(status)
      ? []
      : [notSupported(new FieldPath('status', 'conditions').index(i).child('status'), status, statuses)],
  )
}

const isPathSegment = (name: string): boolean => name !== '.' && name !== '..' && !/[/%]/.test(name)
