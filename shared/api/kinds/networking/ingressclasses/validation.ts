import {
  FieldPath,
  forbidden,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { IngressClass, IngressClassParametersReference } from '../../../types/networking-v1.ts'
import { checkDomainPrefixedPath, checkImmutable, checkSegment, checkText } from '../../checks.ts'

const path = new FieldPath('spec')
const maxController = 250
const scopes = ['Cluster', 'Namespace']

// pkg/apis/networking/validation/validation.go ValidateIngressClass
export function validate({ spec }: IngressClass): FieldError[] {
  const errors: FieldError[] = []
  const at = path.child('controller')
  const { controller = '', parameters } = spec ?? {}
  if (controller === '') errors.push(required(at))
  else {
    if (controller.length > maxController) errors.push(tooLong(at, '', maxController))
    checkDomainPrefixedPath(controller, at, errors)
  }
  if (parameters) checkParameters(parameters, path.child('parameters'), errors)
  return errors
}

// pkg/apis/networking/validation/validation.go validateIngressClassParametersReference
function checkParameters(
  { apiGroup, kind, name, scope, namespace }: IngressClassParametersReference,
  at: FieldPath,
  errors: FieldError[],
): void {
  if (apiGroup !== undefined) checkText(apiGroup, isDNS1123Subdomain, at.child('apiGroup'), errors)
  if (!kind) errors.push(required(at.child('kind')))
  else checkSegment(kind, at.child('kind'), errors)
  if (!name) errors.push(required(at.child('name')))
  else checkSegment(name, at.child('name'), errors)
  const where = at.child('namespace')
  if (scope === undefined) errors.push(required(at.child('scope')))
  else if (!scopes.includes(scope)) errors.push(notSupported(at.child('scope'), scope, scopes))
  else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbidden(where, "`parameters.scope` is set to 'Cluster'"))
  } else if (namespace === undefined) errors.push(required(where, "`parameters.scope` is set to 'Namespace'"))
  else checkText(namespace, isDNS1123Label, where, errors)
}

// pkg/apis/networking/validation/validation.go ValidateIngressClassUpdate
export function validateUpdate(obj: IngressClass, old: IngressClass): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(obj.spec?.controller, old.spec?.controller, path.child('controller'), errors)
  return errors.concat(validate(obj))
}
