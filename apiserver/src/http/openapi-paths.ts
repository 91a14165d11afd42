import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import { answersWithObject } from './delete.ts'
import { subresourcesOf } from './discovery.ts'
import { componentOf } from './openapi-custom.ts'
import { answerTypes, mediaTypes, streamTypes } from './negotiate.ts'
import { patchTypes } from './patch.ts'

type Json = Record<string, unknown>

interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

const parameter = (name: string, type: string, where = 'query'): Json => ({
  name,
  in: where,
  schema: { type, uniqueItems: true },
  ...(where === 'path' ? { required: true } : {}),
})

const selecting = [
  parameter('continue', 'string'),
  parameter('fieldSelector', 'string'),
  parameter('labelSelector', 'string'),
  parameter('limit', 'integer'),
  parameter('resourceVersion', 'string'),
  parameter('resourceVersionMatch', 'string'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
]
const watching = [parameter('allowWatchBookmarks', 'boolean'), parameter('watch', 'boolean')]
const writing = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => parameter(name, 'string'))
const deletion = [
  parameter('dryRun', 'string'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy', 'string'),
]
const pretty = parameter('pretty', 'string')
const name = parameter('name', 'string', 'path')
const namespace = parameter('namespace', 'string', 'path')
const rest = parameter('path', 'string', 'path')

/** How upstream's operation ids call each verb, the HTTP method, and how x-kubernetes-action calls it. */
const verbs: Readonly<Record<string, { word: string; method: string; action: string; codes: string[] }>> = {
  list: { word: 'list', method: 'get', action: 'list', codes: ['200'] },
  get: { word: 'read', method: 'get', action: 'get', codes: ['200'] },
  create: { word: 'create', method: 'post', action: 'post', codes: ['200', '201', '202'] },
  update: { word: 'replace', method: 'put', action: 'put', codes: ['200', '201'] },
  patch: { word: 'patch', method: 'patch', action: 'patch', codes: ['200', '201'] },
  delete: { word: 'delete', method: 'delete', action: 'delete', codes: ['200', '202'] },
  deletecollection: { word: 'delete', method: 'delete', action: 'deletecollection', codes: ['200'] },
}
const codeWords: Readonly<Record<string, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }
const streams = new Set(['attach', 'exec', 'portforward', 'proxy'])
const streamMethods = { few: ['get', 'post'], all: ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] }

// apiserver/pkg/endpoints/installer.go registerResourceHandlers, openapi/openapi.go GetOperationIDAndTags
/** The paths object of a group and version: what kubectl looks for when it validates, applies and explains. */
export function pathsOf(kinds: readonly Kind[]): Record<string, Json> {
  const paths: Record<string, Json> = {}
  const add = (path: string, parameters: Json[], found: Json): void => {
    if (Object.keys(found).length > 0) paths[path] = { ...found, parameters }
  }
  for (const kind of kinds) {
    const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
    const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`
    const own = { group: kind.group, version: kind.version, kind: kind.kind }
    const scope = kind.namespaced ? 'Namespaced' : ''
    const inPath = kind.namespaced ? [namespace] : []
    const noun = `${scope}${kind.kind}`
    const listed = operations(kind, own, ['list', 'create', 'deletecollection'], kind.verbs, noun)
    add(collection, [...inPath, pretty], listed)
    const single = operations(kind, own, ['get', 'update', 'patch', 'delete'], kind.verbs, noun)
    add(`${collection}/{name}`, [name, ...inPath, pretty], single)
    if (kind.namespaced) {
      const everywhere = operations(kind, own, ['list'], kind.verbs, `${kind.kind}ForAllNamespaces`)
      add(`${root}/${kind.plural}`, [pretty], everywhere)
    }
    for (const sub of subresourcesOf(kind)) {
      const path = `${collection}/{name}/${sub.name}`
      const subNoun = `${noun}${title(sub.name)}`
      if (streams.has(sub.name)) {
        add(path, [name, ...inPath], connections(kind, sub, subNoun))
        if (sub.name === 'proxy') {
          add(`${path}/{path}`, [name, ...inPath, rest], connections(kind, sub, `${subNoun}WithPath`))
        }
      } else {
        const offered = ['create', 'get', 'update', 'patch']
        const found = operations(kind, sub.responseKind, offered, sub.verbs, subNoun)
        add(path, [name, ...inPath, pretty], found)
      }
    }
  }
  return paths
}

function operations(
  kind: Kind,
  speaks: GroupVersionKind,
  offered: readonly string[],
  has: readonly string[],
  noun: string,
): Json {
  const result: Json = {}
  for (const verb of offered) {
    const facts = verbs[verb]
    if (facts === undefined || !has.includes(verb)) continue
    const collection = verb === 'deletecollection' ? 'Collection' : ''
    const answer = content(verb, kind, answerOf(verb, kind, speaks))
    result[facts.method] = {
      ...named(kind, `${facts.word}${groupWord(kind)}${collection}${noun}`),
      ...input(verb, kind, speaks),
      responses: {
        ...Object.fromEntries(facts.codes.map((code) => [code, { description: codeWords[code], content: answer }])),
        401: { description: 'Unauthorized' },
      },
      'x-kubernetes-action': facts.action,
      'x-kubernetes-group-version-kind': speaks,
    }
  }
  return result
}

/** A subresource that passes bytes on. */
function connections(
  kind: Kind,
  { name, responseKind }: ReturnType<typeof subresourcesOf>[number],
  noun: string,
): Json {
  const methods = name === 'proxy' ? streamMethods.all : streamMethods.few
  const operation = (method: string): Json => ({
    ...named(kind, `connect${groupWord(kind)}${title(method)}${noun}`),
    responses: {
      200: { description: 'OK', content: { '*/*': { schema: { type: 'string' } } } },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': 'connect',
    'x-kubernetes-group-version-kind': responseKind,
  })
  return Object.fromEntries(methods.map((method) => [method, operation(method)]))
}

const named = (kind: Kind, operationId: string): Json => ({
  tags: [`${lower(groupName(kind))}_${kind.version}`],
  operationId,
})

const title = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const lower = (word: string): string => word.charAt(0).toLowerCase() + word.slice(1)
/** `rbac.authorization.k8s.io` is RbacAuthorization. */
const groupName = ({ group }: Kind): string =>
  group === ''
    ? 'Core'
    : group
        .replace(/\.k8s\.io$/, '')
        .split('.')
        .map(title)
        .join('')
const groupWord = (kind: Kind): string => `${groupName(kind)}${title(kind.version)}`

function input(verb: string, kind: Kind, speaks: GroupVersionKind): Json {
  const options = reference(findSchema('', 'v1', 'DeleteOptions')?.name)
  switch (verb) {
    case 'list':
      return { parameters: [...watching, ...selecting] }
    case 'create':
    case 'update':
      return {
        parameters: writing,
        requestBody: { required: true, content: { '*/*': { schema: schemaOf(speaks, kind) } } },
      }
    case 'patch': {
      const schema = reference('io.k8s.apimachinery.pkg.apis.meta.v1.Patch')
      const bodies = Object.fromEntries(patchTypes(kind).map((type) => [type, { schema }]))
      return {
        parameters: [...writing, parameter('force', 'boolean')],
        requestBody: { required: true, content: bodies },
      }
    }
    case 'delete':
      return { parameters: deletion, requestBody: { content: { '*/*': { schema: options } } } }
    case 'deletecollection':
      return { parameters: [...deletion, ...selecting], requestBody: { content: { '*/*': { schema: options } } } }
    default:
      return {}
  }
}

function answerOf(verb: string, kind: Kind, speaks: GroupVersionKind): Json {
  if (verb === 'list') return schemaOf({ ...speaks, kind: kind.listKind }, kind)
  const status = verb === 'deletecollection' || (verb === 'delete' && !answersWithObject(kind))
  return schemaOf(status ? { group: '', version: 'v1', kind: 'Status' } : speaks, kind)
}

function content(verb: string, { schema: custom }: Kind, schema: Json): Json {
  const spoken = (type: string): boolean => custom === undefined || !type.startsWith(mediaTypes.protobuf)
  const types = verb === 'list' ? [...answerTypes, ...streamTypes] : answerTypes
  return Object.fromEntries(types.filter(spoken).map((type) => [type, { schema }]))
}

const schemaOf = (speaks: GroupVersionKind, kind: Kind): Json => reference(componentOf(speaks, kind))
const reference = (name: string | undefined): Json =>
  name === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${name}` }
