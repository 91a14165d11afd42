import { defineKind } from '@kubets/shared/api/kinds/define.ts'
import type { Kind, SubresourceName, Verb } from '@kubets/shared/api/kinds/kind.ts'
import { validateEmbedded } from '@kubets/shared/api/structural/embedded.ts'
import { validateListTypes } from '@kubets/shared/api/structural/list-types.ts'
import { ruleTree, type RuleNode } from '@kubets/shared/api/structural/rules.ts'
import { runRules } from '@kubets/shared/api/structural/run-rules.ts'
import { propertyOf } from '@kubets/shared/api/structural/schema.ts'
import { validateValue, validateValueUpdate } from '@kubets/shared/api/structural/validate-value.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '@kubets/shared/api/types/apiextensions-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { FieldPath, invalid, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import { parseJsonPath } from '@kubets/shared/machinery/jsonpath.ts'
import { compareKubeVersions } from '@kubets/shared/machinery/kube-version.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { isObject, ownValue } from '@kubets/shared/machinery/patch/json-object.ts'
import { tableColumns } from './columns.ts'
import { setDefaults, storedAs, versionsOf, type Convert, type Version } from './conversion.ts'

// apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go
const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

export interface CustomKindOptions {
  /** Present where a webhook converts. */
  convert: Convert | undefined
  /** Aborted when the definition is gone or has changed. */
  ended: AbortSignal
  /** Is the definition on its way out? */
  terminating(): boolean
}

const root = new FieldPath()

type Fields = KubeObject & Record<string, unknown>

/** The kinds of a definition, one for each version, whether served or not. */
export function customKinds(crd: CustomResourceDefinition, options: CustomKindOptions): Kind[] {
  const versions = versionsOf(crd)
  return crd.spec.versions.flatMap((version) => {
    const known = versions.get(`${crd.spec.group}/${version.name}`)
    return known ? [customKind(crd, version, known, versions, options)] : []
  })
}

// apiextensions-apiserver/pkg/registry/customresource/strategy.go
function customKind(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  known: Version,
  versions: ReadonlyMap<string, Version>,
  { convert, ended, terminating }: CustomKindOptions,
): Kind {
  const { spec } = crd
  const names = crd.status?.acceptedNames ?? spec.names
  const { status, scale } = version.subresources ?? {}
  const { schema } = known
  const rules = schema && ruleTree(schema)
  const statusSchema = schema && propertyOf(schema, 'status')
  const inside = (obj: KubeObject): FieldError[] => (schema ? validateEmbedded(root, obj, schema) : [])
  const lists = (obj: KubeObject, old?: KubeObject): FieldError[] => {
    const errors = validateListTypes(root, schema, obj)
    // what was wrong before may stay wrong
    return errors.length > 0 && old && validateListTypes(root, schema, old).length > 0 ? [] : errors
  }
  return defineKind({
    group: spec.group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? '',
    namespaced: spec.scope === 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs,
    subresources: [...(status ? ['status'] : []), ...(scale ? ['scale'] : [])] as SubresourceName[],
    storedAs: storedAs(crd, versions, known, convert),
    schema: known.node,
    ...(schema ? { openApi: schema as Record<string, unknown> } : {}),
    ended,
    refusesCreate: () =>
      terminating() ? 'create not allowed while custom resource definition is terminating' : undefined,
    deprecations: version.deprecated ? [version.deprecationWarning ?? deprecationWarning(version.name, spec)] : [],
    generation: true,
    unconditionalUpdate: false,
    ...tableColumns(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    ...(scale ? { scale: scalePaths(scale) } : {}),
    defaults: (obj) => setDefaults(known, obj),
    prepareForStatusUpdate,
    validate: (obj) =>
      withRules(rules, obj, undefined, [
        ...(schema ? validateValue(root, obj, schema) : []),
        ...validateScale(scale, obj),
        ...inside(obj),
        ...lists(obj),
      ]),
    validateUpdate: (obj, old) =>
      withRules(rules, obj, old, [
        ...(schema ? validateValueUpdate(root, obj, old, schema) : []),
        ...validateScale(scale, obj),
        ...inside(obj),
        ...lists(obj, old),
      ]),
    validateStatusUpdate: (obj, old) =>
      withRules(rules, obj, old, [
        ...(statusSchema && Object.hasOwn(obj, 'status')
          ? validateValueUpdate(
              new FieldPath('status'),
              (obj as Fields)['status'],
              (old as Fields)['status'],
              statusSchema,
            )
          : []),
        ...validateScale(scale, obj),
        ...lists(obj, old),
      ]),
  })
}

const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

/** The errors there are, and what rules say when the object is right enough for them. */
// apiextensions-apiserver/pkg/registry/customresource/strategy.go hasBlockingErr
function withRules(
  rules: RuleNode | undefined,
  obj: KubeObject,
  old: KubeObject | undefined,
  errors: FieldError[],
): FieldError[] {
  if (!rules) return errors
  const text =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
  if (errors.some(({ type }) => blocking.has(type))) return [...errors, invalid(root, null, text)]
  return [...errors, ...runRules(rules, root, obj, old)]
}

/** All but status is as it was, metadata too; who manages which fields may change. */
// apiextensions-apiserver/pkg/registry/customresource/status_strategy.go PrepareForUpdate
function prepareForStatusUpdate(obj: KubeObject, old: KubeObject): void {
  const { managedFields, resourceVersion } = obj.metadata
  obj.metadata = clone(old.metadata)
  if (resourceVersion !== undefined) obj.metadata.resourceVersion = resourceVersion
  if (managedFields) obj.metadata.managedFields = managedFields
  else delete obj.metadata.managedFields
}

function scalePaths({ specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale) {
  return {
    specReplicas: specReplicasPath,
    statusReplicas: statusReplicasPath,
    ...(labelSelectorPath ? { selector: labelSelectorPath } : {}),
  }
}

// apiextensions-apiserver/pkg/registry/customresource/strategy.go prepareSelectableFields
function selectableFields({ selectableFields: fields = [] }: CustomResourceDefinitionVersion) {
  return Object.fromEntries(
    fields.map(({ jsonPath }) => {
      const path = parseJsonPath(jsonPath)
      return [
        jsonPath.replace(/^\./, ''),
        (obj: KubeObject) => String((path(obj)[0] ?? '') as string | number | boolean),
      ]
    }),
  )
}

// apiextensions-apiserver/pkg/apiserver/customresource_handler.go defaultDeprecationWarning
function deprecationWarning(version: string, { group, names, versions }: CustomResourceDefinitionSpec): string {
  const better = versions
    .filter(({ name, served, deprecated }) => served && !deprecated && compareKubeVersions(version, name) < 0)
    .map(({ name }) => name)
    .sort((a, b) => compareKubeVersions(b, a))
  const text = `${group}/${version} ${names.kind} is deprecated`
  return better[0] === undefined ? text : `${text}; use ${group}/${better[0]} ${names.kind}`
}

const maxInt32 = 2 ** 31 - 1

// apiextensions-apiserver/pkg/registry/customresource/validator.go ValidateScaleSpec, ValidateScaleStatus
function validateScale(scale: CustomResourceSubresourceScale | undefined, obj: KubeObject): FieldError[] {
  if (!scale) return []
  const errors: FieldError[] = []
  for (const path of [scale.specReplicasPath, scale.statusReplicasPath]) {
    const value = at(obj, path)
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isInteger(value))
      errors.push(
        invalid(path, 0, `${path} accessor error: ${shown(value)} is of the type ${goType(value)}, expected int64`),
      )
    else if (value < 0) errors.push(invalid(path, value, 'should be a non-negative integer'))
    else if (value > maxInt32) errors.push(invalid(path, value, `should be less than or equal to ${String(maxInt32)}`))
  }
  const { labelSelectorPath: selector } = scale
  const value = selector && at(obj, selector)
  if (selector && value !== undefined && typeof value !== 'string')
    errors.push(
      invalid(
        selector,
        '',
        `${selector} accessor error: ${shown(value)} is of the type ${goType(value)}, expected string`,
      ),
    )
  return errors
}

function at(obj: KubeObject, path: string): unknown {
  return path
    .split('.')
    .filter((name) => name !== '')
    .reduce<unknown>((value, name) => (isObject(value) ? ownValue(value, name) : undefined), obj)
}

const shown = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function goType(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : 'string'
}
