import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import { subresourcesOf } from './discovery.ts'
import { patchTypes } from './patch.ts'

type Json = Record<string, unknown>

interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

const answerTypes = ['application/json', 'application/yaml']
const parameter = (name: string, type: string, where = 'query'): Json => ({
  name,
  in: where,
  schema: { type, uniqueItems: true },
  ...(where === 'path' ? { required: true } : {}),
})

const list = [
  ...['labelSelector', 'fieldSelector', 'continue', 'resourceVersion', 'resourceVersionMatch'].map((name) =>
    parameter(name, 'string'),
  ),
  ...['limit', 'timeoutSeconds'].map((name) => parameter(name, 'integer')),
  ...['watch', 'allowWatchBookmarks', 'sendInitialEvents'].map((name) => parameter(name, 'boolean')),
]
const writing = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => parameter(name, 'string'))
const deletion = [
  parameter('dryRun', 'string'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy', 'string'),
]

// staging/src/k8s.io/apiserver/pkg/endpoints/installer.go registerResourceHandlers
/** The paths object of a group and version: what kubectl looks for when it validates, applies and explains. */
export function pathsOf(kinds: readonly Kind[]): Json {
  const paths: Json = {}
  for (const kind of kinds) {
    const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
    const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`
    const own = { group: kind.group, version: kind.version, kind: kind.kind }
    const inPath = kind.namespaced ? [parameter('namespace', 'string', 'path')] : []
    const named = [parameter('name', 'string', 'path'), ...inPath]
    const pretty = parameter('pretty', 'string')
    add(
      paths,
      collection,
      [...inPath, pretty],
      operations(kind, own, ['list', 'create', 'deletecollection'], kind.verbs),
    )
    add(
      paths,
      `${collection}/{name}`,
      [...named, pretty],
      operations(kind, own, ['get', 'update', 'patch', 'delete'], kind.verbs),
    )
    if (kind.namespaced) add(paths, `${root}/${kind.plural}`, [pretty], operations(kind, own, ['list'], kind.verbs))
    for (const { name, verbs, responseKind } of subresourcesOf(kind)) {
      const offered = ['create', 'get', 'update', 'patch']
      add(paths, `${collection}/{name}/${name}`, [...named, pretty], operations(kind, responseKind, offered, verbs))
    }
  }
  return paths
}

function add(paths: Json, path: string, parameters: Json[], found: Json): void {
  if (Object.keys(found).length > 0) paths[path] = { ...found, parameters }
}

const methods: Readonly<Record<string, string>> = {
  list: 'get',
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
}
const actions: Readonly<Record<string, string>> = { create: 'post', update: 'put' }

function operations(kind: Kind, speaks: GroupVersionKind, offered: readonly string[], verbs: readonly string[]): Json {
  const result: Json = {}
  for (const verb of offered) {
    const method = methods[verb]
    if (method === undefined || !verbs.includes(verb)) continue
    result[method] = {
      tags: [kind.group === '' ? 'core_v1' : `${kind.group.split('.')[0] ?? ''}_${kind.version}`],
      ...input(verb, speaks),
      responses: {
        [verb === 'create' ? '201' : '200']: { description: 'OK', content: content(answerOf(verb, kind, speaks)) },
      },
      'x-kubernetes-action': actions[verb] ?? verb,
      'x-kubernetes-group-version-kind': speaks,
    }
  }
  return result
}

function input(verb: string, speaks: GroupVersionKind): Json {
  const options = reference(findSchema('', 'v1', 'DeleteOptions')?.name)
  switch (verb) {
    case 'list':
      return { parameters: list }
    case 'create':
    case 'update':
      return { parameters: writing, requestBody: { required: true, content: { '*/*': { schema: schemaOf(speaks) } } } }
    case 'patch': {
      const schema = reference('io.k8s.apimachinery.pkg.apis.meta.v1.Patch')
      const bodies = Object.fromEntries(patchTypes.map((type) => [type, { schema }]))
      return {
        parameters: [...writing, parameter('force', 'boolean')],
        requestBody: { required: true, content: bodies },
      }
    }
    case 'delete':
      return { parameters: deletion, requestBody: { content: { '*/*': { schema: options } } } }
    case 'deletecollection':
      return { parameters: [...deletion, ...list], requestBody: { content: { '*/*': { schema: options } } } }
    default:
      return {}
  }
}

function answerOf(verb: string, kind: Kind, speaks: GroupVersionKind): Json {
  if (verb === 'list') return schemaOf({ ...speaks, kind: kind.listKind })
  if (verb === 'delete' || verb === 'deletecollection') return schemaOf({ group: '', version: 'v1', kind: 'Status' })
  return schemaOf(speaks)
}

const content = (schema: Json): Json => Object.fromEntries(answerTypes.map((type) => [type, { schema }]))
const schemaOf = ({ group, version, kind }: GroupVersionKind): Json => reference(findSchema(group, version, kind)?.name)
const reference = (name: string | undefined): Json =>
  name === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${name}` }
