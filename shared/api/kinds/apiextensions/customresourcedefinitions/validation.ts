import {
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1035Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import { schemaUnder, type Schema } from '../../../structural/schema.ts'
import { validateStructural } from '../../../structural/validate-structural.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from '../../../types/apiextensions-v1.ts'
import { checkImmutable } from '../../checks.ts'
import { caBundleProblem } from './ca-bundle.ts'
import { hasKnownReviewVersion, validateConversion, type Leniency } from './conversion-validation.ts'
import { validateDefaults } from './default-validation.ts'
import { internalSpec, type InternalSpec } from './internal.ts'
import { requireNames, validateApproval, validateNames } from './names.ts'
import { validateExpressions } from './rule-costs.ts'
import { validateSchema } from './schema-validation.ts'

const specPath = new FieldPath('spec')
const statusPath = new FieldPath('status')
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const maxSelectableFields = 8

// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go ValidateCustomResourceDefinition
export function validate(crd: CustomResourceDefinition): FieldError[] {
  const { names, group } = crd.spec
  const errors: FieldError[] = []
  if (crd.metadata.name !== `${names?.plural ?? ''}.${group ?? ''}`)
    errors.push(
      invalid(new FieldPath('metadata', 'name'), crd.metadata.name, 'must be spec.names.plural+"."+spec.group'),
    )
  return [
    ...errors,
    ...validateSpec(internalSpec(crd.spec), { requireKnown: true, anyBundle: true }),
    ...validateStatus(crd),
    ...validateApproval(crd, undefined),
    ...validatePreserve(crd, undefined),
  ]
}

// ValidateCustomResourceDefinitionUpdate
export function validateUpdate(crd: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const oldVersions = old.spec.conversion?.webhook?.conversionReviewVersions ?? []
  const requireKnown = oldVersions.length === 0 || hasKnownReviewVersion(oldVersions)
  const oldBundle = old.spec.conversion?.webhook?.clientConfig?.caBundle
  const wasWrong = oldBundle ? caBundleProblem(oldBundle) !== undefined : false
  const anyBundle = !isTrue(old.status, 'Established') || wasWrong
  const errors = validateSpec(internalSpec(crd.spec), { requireKnown, anyBundle })
  const { spec } = crd
  if (isTrue(old.status, 'Established')) {
    checkImmutable(spec.scope, old.spec.scope, specPath.child('scope'), errors)
    checkImmutable(spec.names.kind, old.spec.names.kind, specPath.child('names', 'kind'), errors)
  }
  checkImmutable(spec.group, old.spec.group, specPath.child('group'), errors)
  checkImmutable(spec.names.plural, old.spec.names.plural, specPath.child('names', 'plural'), errors)
  return [...errors, ...validateStatus(crd), ...validateApproval(crd, old), ...validatePreserve(crd, old)]
}

// ValidateUpdateCustomResourceDefinitionStatus
export function validateStatusUpdate(crd: CustomResourceDefinition): FieldError[] {
  return validateNames(crd.status?.acceptedNames ?? {}, statusPath.child('acceptedNames'))
}

const isTrue = (status: CustomResourceDefinitionStatus | undefined, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false

function validateStatus(crd: CustomResourceDefinition): FieldError[] {
  const stored = crd.status?.storedVersions ?? []
  const path = statusPath.child('storedVersions')
  const errors = validateStatusUpdate(crd)
  if (stored.length === 0) return [...errors, invalid(path, stored, 'must have at least one stored version')]
  const versions = crd.spec.versions ?? []
  for (const { name, storage } of versions)
    if (storage && !stored.includes(name)) errors.push(invalid(path, stored, `must have the storage version ${name}`))
  for (const [i, name] of stored.entries()) {
    if (versions.some((version) => version.name === name)) continue
    const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    errors.push(invalid(path.index(i), name, text))
  }
  return errors
}

function validatePreserve(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (old?.spec.preserveUnknownFields || !crd.spec.preserveUnknownFields) return []
  const text = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  return [invalid(specPath.child('preserveUnknownFields'), true, text)]
}

// validateCustomResourceDefinitionSpec
function validateSpec(spec: InternalSpec, leniency: Leniency): FieldError[] {
  const { group = '', scope = '', names = {}, versions, conversion } = spec
  const errors: FieldError[] = []
  const groupTexts = isDNS1123Subdomain(group)
  if (group === '') errors.push(required(specPath.child('group')))
  else if (groupTexts.length > 0) errors.push(invalid(specPath.child('group'), group, groupTexts.join(',')))
  else if (!group.includes('.'))
    errors.push(invalid(specPath.child('group'), group, 'should be a domain with at least one dot'))
  if (scope === '') errors.push(required(specPath.child('scope')))
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    errors.push(notSupported(specPath.child('scope'), scope, ['Cluster', 'Namespaced']))
  errors.push(...validateVersions(spec, versions))
  errors.push(...requireNames(names, specPath.child('names')))
  errors.push(...validateNames(names, specPath.child('names')))
  const anyStatus = [spec, ...versions].some(({ subresources }) => subresources?.status !== undefined)
  errors.push(...validateCustomResourceSchema(spec.validation, anyStatus, specPath.child('validation')))
  errors.push(...validateSubresources(spec.subresources, specPath.child('subresources')))
  errors.push(...validateColumns(spec.additionalPrinterColumns, specPath.child('additionalPrinterColumns')))
  if (spec.selectableFields?.length) {
    const path = specPath.child('selectableFields')
    if (!spec.validation) errors.push(invalid(path, '', 'may only be set when validations.schema is included'))
    else errors.push(...validateSelectableFields(spec.selectableFields, spec.validation.openAPIV3Schema, path))
  }
  if (conversion) errors.push(...validateConversion(conversion, leniency, specPath.child('conversion')))
  return errors
}

function validateVersions(spec: InternalSpec, versions: readonly CustomResourceDefinitionVersion[]): FieldError[] {
  const errors: FieldError[] = []
  const path = specPath.child('versions')
  if (!spec.validation?.openAPIV3Schema)
    for (const [i, { schema }] of versions.entries())
      if (!schema?.openAPIV3Schema) errors.push(required(path.index(i).child('schema').child('openAPIV3Schema')))
  for (const [i, version] of versions.entries()) {
    const texts = isDNS1035Label(version.name ?? '')
    if (texts.length > 0) errors.push(invalid(path.index(i).child('name'), version.name ?? '', texts.join(',')))
    errors.push(...validateVersion(spec, version, path.index(i)))
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalid(path, versions, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalid(path, versions, 'must have exactly one version marked as storage version'))
  return errors
}

function validateVersion(spec: InternalSpec, version: CustomResourceDefinitionVersion, path: FieldPath): FieldError[] {
  const { deprecated = false, deprecationWarning, selectableFields } = version
  const errors: FieldError[] = []
  if (deprecationWarning !== undefined)
    for (const text of deprecationTexts(deprecated, deprecationWarning))
      errors.push(invalid(path.child('deprecationWarning'), deprecationWarning, text))
  const perVersion = spec.versions.some(({ subresources }) => subresources !== undefined)
  const status = (perVersion ? version.subresources : spec.subresources)?.status !== undefined
  errors.push(...validateCustomResourceSchema(version.schema, status, path.child('schema')))
  errors.push(...validateSubresources(version.subresources, path.child('subresources')))
  errors.push(...validateColumns(version.additionalPrinterColumns, path.child('additionalPrinterColumns')))
  if (selectableFields?.length) {
    const place = path.child('selectableFields')
    // upstream looks for the version's own schema: one that all versions share has gone to the top by now
    if (!version.schema?.openAPIV3Schema)
      errors.push(invalid(place, '', 'may only be set when `version.schema.openAPIV3Schema` is not included'))
    else errors.push(...validateSelectableFields(selectableFields, version.schema.openAPIV3Schema, place))
  }
  return errors
}

// validateDeprecationWarning
function deprecationTexts(deprecated: boolean, warning: string): string[] {
  if (!deprecated) return ['can only be set for deprecated versions']
  const texts: string[] = []
  if (Buffer.byteLength(warning) > 256) texts.push('must be <= 256 characters long')
  if (warning === '') texts.push('must not be an empty string')
  const found = /[^\P{C}]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.exec(warning)
  if (found) {
    const at = Buffer.byteLength(warning.slice(0, found.index))
    texts.push(`must only contain printable UTF-8 characters; non-printable character found at index ${String(at)}`)
  }
  return texts
}

const allowedAtRoot =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations'
const fieldsAtRoot = new Set([
  ...allowedAtRoot.split(' ').map((name) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`),
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
])

// validateCustomResourceDefinitionValidation
function validateCustomResourceSchema(
  validation: CustomResourceValidation | undefined,
  hasStatus: boolean,
  path: FieldPath,
): FieldError[] {
  const schema = validation?.openAPIV3Schema
  if (!schema) return []
  const errors: FieldError[] = []
  const at = path.child('openAPIV3Schema')
  if (hasStatus) {
    const odd = Object.entries(schema).find(([field, value]) => value !== undefined && !fieldsAtRoot.has(field))
    if (schema.type && schema.type !== 'object') {
      const text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
      errors.push(invalid(at.child('type'), schema.type, text))
    } else if (odd) {
      const text = `only [${allowedAtRoot}] fields are allowed at the root of the schema if the status subresource is enabled`
      errors.push(invalid(at, schema, text))
    }
  }
  if (schema.nullable) errors.push(forbidden(at.child('nullable'), 'nullable cannot be true at the root'))
  const structural = validateStructural(at, schema)
  errors.push(...(structural.length > 0 ? structural : validateDefaults(at, schema, true)))
  errors.push(...validateSchema(at, schema))
  // expressions are looked at when the schema that gives them their types is right
  return errors.length > 0 ? errors : validateExpressions(at, schema)
}

// ValidateCustomResourceDefinitionSubresources
function validateSubresources(subresources: CustomResourceSubresources | undefined, path: FieldPath): FieldError[] {
  const scale = subresources?.scale
  if (!scale) return []
  const errors: FieldError[] = []
  const check = (field: string, value: string, prefixes: readonly string[], text: string): void => {
    const place = path.child(`scale.${field}`)
    const problem = simplePathProblem(value)
    if (problem) errors.push(invalid(place, value, problem))
    else if (!prefixes.some((prefix) => value.startsWith(prefix))) errors.push(invalid(place, value, text))
  }
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  if (!specReplicasPath) errors.push(required(path.child('scale.specReplicasPath')))
  else check('specReplicasPath', specReplicasPath, ['.spec.'], 'should be a json path under .spec')
  if (!statusReplicasPath) errors.push(required(path.child('scale.statusReplicasPath')))
  else check('statusReplicasPath', statusReplicasPath, ['.status.'], 'should be a json path under .status')
  if (labelSelectorPath)
    check(
      'labelSelectorPath',
      labelSelectorPath,
      ['.spec.', '.status.'],
      'should be a json path under either .spec or .status',
    )
  return errors
}

const simplePathProblem = (path: string): string | undefined =>
  path.startsWith('.') ? undefined : 'must be a simple json path starting with .'

// ValidateCustomResourceColumnDefinition
function validateColumns(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, { name, type = '', format = '', jsonPath = '' }] of (columns ?? []).entries()) {
    const at = path.index(i)
    if (!name) errors.push(required(at.child('name')))
    const typeText = `must be one of ${columnTypes.join(',')}`
    if (type === '') errors.push(required(at.child('type'), typeText))
    else if (!columnTypes.includes(type)) errors.push(invalid(at.child('type'), type, typeText))
    if (format !== '' && !columnFormats.includes(format))
      errors.push(invalid(at.child('format'), format, `must be one of ${columnFormats.join(',')}`))
    const problem = simplePathProblem(jsonPath)
    if (jsonPath === '') errors.push(required(at.child('JSONPath')))
    else if (problem) errors.push(invalid(at.child('JSONPath'), jsonPath, problem))
  }
  return errors
}

// ValidateCustomResourceSelectableFields
function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: Schema | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, { jsonPath = '' }] of fields.entries()) {
    const at = path.index(i).child('jsonPath')
    if (jsonPath === '') {
      errors.push(required(at))
      continue
    }
    const found = schemaAt(jsonPath, schema)
    if (typeof found === 'string') {
      errors.push(invalid(at, jsonPath, `is an invalid path: ${found}`))
      continue
    }
    if (jsonPath.startsWith('.metadata')) errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'))
    if (!['string', 'boolean', 'integer'].includes(found.type ?? '')) {
      const text =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
      errors.push(invalid(at, jsonPath, text))
    }
    if (seen.has(jsonPath)) errors.push(duplicate(at, jsonPath))
    seen.add(jsonPath)
  }
  if (seen.size > maxSelectableFields) errors.push(tooMany(path, seen.size, maxSelectableFields))
  return errors
}

/** The schema a simple path leads to, or why it leads nowhere. */
// apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go ValidFieldPath
function schemaAt(jsonPath: string, schema: Schema | undefined): Schema | string {
  let at = schema
  if (!jsonPath.startsWith('.')) return `expected [ or . but got: ${jsonPath}`
  for (const name of jsonPath.slice(1).split('.')) {
    if (!/^[A-Za-z_$][\w$-]*$/.test(name))
      return `unexpected ${name === '' ? 'end of JSON path' : JSON.stringify(name)}`
    const next: Schema | undefined = at && schemaUnder(at, name)
    if (!next) return 'does not refer to a valid field'
    at = next
  }
  return at ?? 'does not refer to a valid field'
}
