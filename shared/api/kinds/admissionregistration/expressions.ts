import {
  baseEnvironment,
  compile,
  type Environment,
  extend,
  type Program,
  type Structs,
} from '../../../machinery/cel/environment.ts'
import { functionTable } from '../../../machinery/cel/functions.ts'
import { authorizerType, resourceCheckType } from '../../../machinery/cel/library/authorizer.ts'
import { jsonPatchLibrary } from '../../../machinery/cel/library/json-patch.ts'
import {
  boolType,
  type CelType,
  dynType,
  formatType,
  intType,
  listType,
  mapType,
  nullType,
  objectType,
  sameType,
  stringType,
  timestampType,
  typeName,
} from '../../../machinery/cel/types.ts'
import type { Variable } from '../../types/admissionregistration-v1.ts'

/** What an expression of admission may speak of besides the request and its objects. */
export interface Allowed {
  params: boolean
  authorizer: boolean
  /** `Object{…}` and `JSONPatch{…}`. */
  patches?: boolean
}

/** What an expression must give; empty: anything. */
export const returns = {
  condition: [boolType],
  message: [stringType],
  auditValue: [stringType, nullType],
  applyConfiguration: [objectType('Object')],
  jsonPatch: [listType(objectType('JSONPatch'))],
} as const satisfies Record<string, readonly CelType[]>

const text = (...names: string[]): [string, CelType][] => names.map((name) => [name, stringType])
const strings = listType(stringType)
const stringMap = mapType(stringType, stringType)

// apiserver/pkg/admission/plugin/cel/compile.go BuildRequestType, BuildNamespaceType
const structs = new Map<string, ReadonlyMap<string, CelType>>([
  [
    'kubernetes.AdmissionRequest',
    new Map<string, CelType>([
      ...text('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
      ['kind', objectType('kubernetes.GroupVersionKind')],
      ['requestKind', objectType('kubernetes.GroupVersionKind')],
      ['resource', objectType('kubernetes.GroupVersionResource')],
      ['requestResource', objectType('kubernetes.GroupVersionResource')],
      ['userInfo', objectType('kubernetes.UserInfo')],
      ['dryRun', boolType],
      ['options', dynType],
    ]),
  ],
  ['kubernetes.GroupVersionKind', new Map(text('group', 'version', 'kind'))],
  ['kubernetes.GroupVersionResource', new Map(text('group', 'version', 'resource'))],
  [
    'kubernetes.UserInfo',
    new Map<string, CelType>([
      ...text('username', 'uid'),
      ['groups', strings],
      ['extra', mapType(stringType, strings)],
    ]),
  ],
  [
    'kubernetes.Namespace',
    new Map<string, CelType>([
      ['metadata', objectType('kubernetes.NamespaceMetadata')],
      ['spec', objectType('kubernetes.NamespaceSpec')],
      ['status', objectType('kubernetes.NamespaceStatus')],
    ]),
  ],
  [
    'kubernetes.NamespaceMetadata',
    new Map<string, CelType>([
      ...text('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
      ['labels', stringMap],
      ['annotations', stringMap],
      ['creationTimestamp', timestampType],
      ['deletionTimestamp', timestampType],
      ['deletionGracePeriodSeconds', intType],
      ['generation', intType],
      ['finalizers', strings],
    ]),
  ],
  ['kubernetes.NamespaceSpec', new Map<string, CelType>([['finalizers', strings]])],
  [
    'kubernetes.NamespaceStatus',
    new Map<string, CelType>([
      ['conditions', listType(objectType('kubernetes.NamespaceCondition'))],
      ['phase', stringType],
    ]),
  ],
  [
    'kubernetes.NamespaceCondition',
    new Map<string, CelType>([...text('status', 'type', 'message', 'reason'), ['lastTransitionTime', timestampType]]),
  ],
])

const known: Structs = (name) => {
  const fields = structs.get(name)
  return fields && ((field) => fields.get(field))
}

// apiserver/pkg/cel/mutation/typeresolver.go DynamicTypeResolver
const patchStructs: Structs = (name) => {
  if (name === 'JSONPatch') {
    return (field) => (field === 'value' ? dynType : ['op', 'path', 'from'].includes(field) ? stringType : undefined)
  }
  return name === 'Object' || name.startsWith('Object.') ? () => dynType : undefined
}

const variablesStruct = 'kubernetes.variables'

/** The environment of admission's expressions; each of `object` and `oldObject` is dyn unless its type is given. */
export function admissionEnvironment(
  { params, authorizer, patches = false }: Allowed,
  object: CelType = dynType,
  paramsType: CelType = dynType,
): Environment {
  const environment = extend(baseEnvironment, {
    structs: known,
    variables: {
      object,
      oldObject: object,
      namespaceObject: objectType('kubernetes.Namespace'),
      request: objectType('kubernetes.AdmissionRequest'),
      ...(params ? { params: paramsType } : {}),
      ...(authorizer ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } : {}),
    },
  })
  if (!patches) return environment
  return extend(environment, { structs: patchStructs, functions: functionTable(jsonPatchLibrary) })
}

/** The environment with these variables, by their names and types. */
export function withVariables(environment: Environment, types: ReadonlyMap<string, CelType>): Environment {
  return extend(environment, {
    structs: (name) => (name === variablesStruct ? (field) => types.get(field) : undefined),
    variables: { variables: objectType(variablesStruct) },
  })
}

/** A program, or in upstream's words why there is none. */
export type Expression = { readonly program: Program } | { readonly problem: string }

// apiserver/pkg/admission/plugin/cel/compile.go CompileCELExpression
/** Compiles an expression that must give one of these types; none: any. */
export function compileExpression(source: string, environment: Environment, types: readonly CelType[]): Expression {
  const compiled = compile(source, environment)
  if ('issues' in compiled) return { problem: `compilation failed: ${compiled.issues}` }
  const { program } = compiled
  if (types.length === 0 || types.some((type) => sameType(type, program.type))) return { program }
  const [first, ...others] = types.map(shown)
  const wanted = others.length === 0 ? first : `one of [${[first, ...others].join(' ')}]`
  return { problem: `must evaluate to ${wanted} but got ${shown(program.type)}` }
}

/** A type as cel-go's Type.String prints it. */
function shown(type: CelType): string {
  return type.kind === 'list' || type.kind === 'map' ? formatType(type) : typeName(type)
}

/** The variables of a policy in order: each may use those before it. */
export interface Composition {
  readonly environment: Environment
  readonly variables: ReadonlyMap<string, Expression>
}

// apiserver/pkg/admission/plugin/cel/composition.go CompileAndStoreVariables
/** Compiles the variables of a policy, each in the environment with those before it. */
export function compose(base: Environment, variables: readonly Variable[]): Composition {
  const types = new Map<string, CelType>()
  const expressions = new Map<string, Expression>()
  const environment = variables.length === 0 ? base : withVariables(base, types)
  for (const { name, expression } of variables) {
    const compiled = compileExpression(expression, environment, [])
    expressions.set(name, compiled)
    types.set(name, 'program' in compiled ? compiled.program.type : dynType)
  }
  return { environment, variables: expressions }
}
