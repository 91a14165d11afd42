import { describe, expect, it } from 'vitest'
import { clone } from '../../machinery/deep.ts'
import { apiVersionOf, type KubeObject } from '../../machinery/object.ts'
import { decodeObject } from '../../machinery/schema/decode.ts'
import type { ObjectNode, SchemaNode } from '../../machinery/schema/node.ts'
import { schemaFor } from '../schemas.ts'
import { kinds } from './index.ts'
import type { Kind } from './kind.ts'
import { betaKinds } from './beta.ts'
import { oldKinds } from './old/index.ts'
import {
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateStatusUpdate,
  validateUpdate,
} from './strategy.ts'

// Every field of every kind, filled in by its schema, goes through decoding, defaults, the kind's strategy, validation and
// the stored form, and must then be there as it was sent, or be named by an error. What upstream drops without a word is
// listed here, and nothing else.

const time = '2026-01-01T00:00:00Z'
const scalars: Record<string, unknown> = {
  string: 'filled',
  bool: true,
  int32: 7,
  int64: 7,
  double: 7,
  bytes: 'ZmlsbGVk',
  time,
  microTime: '2026-01-01T00:00:00.000000Z',
  duration: '7s',
  quantity: '7',
  intOrString: 7,
  rawExtension: { apiVersion: 'v1', kind: 'Filled' },
  fieldsV1: {},
  any: 'filled',
}

/** A value of this schema with every field set; types that contain themselves end at the second turn. */
function fill(node: SchemaNode, inside: readonly SchemaNode[] = []): unknown {
  switch (node.type) {
    case 'object': {
      if (inside.includes(node)) return undefined
      const value: Record<string, unknown> = {}
      for (const [name, field] of node.fields) {
        const filled = fill(field.node, [...inside, node])
        if (filled !== undefined) value[name] = filled
      }
      return value
    }
    case 'list': {
      const element = fill(node.element, inside)
      return element === undefined ? undefined : [element]
    }
    case 'map': {
      const element = fill(node.value, inside)
      return element === undefined ? undefined : { filled: element }
    }
    case 'union':
      return fill(node.options[0]!.node, inside)
    default:
      return node.enum?.find((value) => value !== '') ?? scalars[node.type]
  }
}

/** Every leaf, as `spec.containers[0].image`, with its value. */
function* leaves(value: unknown, path = ''): Generator<[string, unknown]> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* leaves(item, `${path}[${i}]`)
  else if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
    for (const [key, item] of Object.entries(value)) yield* leaves(item, path === '' ? key : `${path}.${key}`)
  else yield [path, value]
}

/** A new status, deletion marks and names of older servers are not a client's to write. */
const notAClients =
  /^(apiVersion|kind|metadata\.(name|generateName|namespace|uid|resourceVersion|generation|selfLink|creationTimestamp|deletion\w+|managedFields.*))/

/** What upstream drops or fills in itself on create, by kind. */
const dropped: Readonly<Record<string, RegExp>> = {
  // pkg/registry/core/node/strategy.go dropDisabledFields
  '/v1 Node': /^spec\.configSource/,
  // pkg/apis/core/v1/conversion.go: folded into data
  '/v1 Secret': /^stringData/,
  // pkg/registry/core/serviceaccount/strategy.go cleanSecretReferences
  '/v1 ServiceAccount': /^secrets\[0\]\.(?!name$)/,
  // pkg/apis/core/v1/defaults.go SetDefaults_Service: there is nothing to configure
  '/v1 Service': /^spec\.sessionAffinityConfig/,
  // pkg/registry/discovery/endpointslice/strategy.go dropTopologyOnV1
  'discovery.k8s.io/v1 EndpointSlice': /^endpoints\[0\]\.deprecatedTopology/,
  // pkg/registry/certificates/certificates/strategy.go PrepareForCreate: who asks is known to the server
  'certificates.k8s.io/v1 CertificateSigningRequest': /^spec\.(username|uid|groups|extra)/,
}

/** What only some other path may change: an update drops it. */
const notByUpdate: Readonly<Record<string, RegExp>> = {
  // pkg/registry/core/namespace/strategy.go: the subresource finalize
  '/v1 Namespace': /^spec\.finalizers/,
  // pkg/registry/certificates/certificates/strategy.go PrepareForUpdate: a request is never changed
  'certificates.k8s.io/v1 CertificateSigningRequest': /^spec/,
}

/** What a status update cannot say: it follows from the spec. */
const notByStatus: Readonly<Record<string, RegExp>> = { '/v1 Pod': /^status\.qosClass/ }

const nameOf = (kind: Kind): string => `${kind.group}/${kind.version} ${kind.kind}`

function filled(kind: Kind): KubeObject {
  const node: ObjectNode = schemaFor(kind.group, kind.version, kind.kind)
  const value = fill(node) as KubeObject
  value.apiVersion = apiVersionOf(kind)
  value.kind = kind.kind
  Object.assign(value.metadata, { name: 'a', uid: 'u', resourceVersion: '' }, kind.namespaced ? { namespace: 'x' } : {})
  if (!kind.namespaced) delete value.metadata.namespace
  for (const field of ['generateName', 'resourceVersion'] as const) delete value.metadata[field]
  const { object, problems } = decodeObject(node, value, 'Strict')
  expect(problems).toEqual([])
  return object as unknown as KubeObject
}

/** As another request would read it. */
function readBack(kind: Kind, obj: KubeObject): KubeObject {
  const kept = JSON.parse(JSON.stringify(kind.storedAs ? kind.storedAs.to(obj) : obj)) as KubeObject
  return kind.storedAs ? kind.storedAs.from(kept) : kept
}

/** Leaves of `sent` that are neither in `found` nor named by an error. */
function lost(kind: Kind, sent: KubeObject, found: KubeObject, errors: readonly { field: string }[]): string[] {
  const there = new Map(leaves(found))
  const named = errors
    .map(({ field }) => field)
    .filter((field) => field !== '' && field !== 'spec' && field !== 'metadata')
  return [...leaves(sent)].flatMap(([path, value]) => {
    if (notAClients.test(path) || dropped[nameOf(kind)]?.test(path)) return []
    if (there.has(path) && JSON.stringify(there.get(path)) === JSON.stringify(value)) return []
    return named.some((field) => path.startsWith(field) || field.startsWith(path)) ? [] : [path]
  })
}

const served = [...kinds, ...betaKinds, ...oldKinds].filter((kind) => !kind.virtual)

describe('every field of every kind is kept or refused', () => {
  it.each(served.map((kind) => [nameOf(kind), kind] as const))('%s', (_, kind) => {
    const sent = filled(kind)
    // a new object
    const created = clone(sent)
    kind.defaults?.(created)
    prepareForCreate(kind, created)
    const errors = validateCreate(kind, created)
    const hasStatus = kind.subresources.includes('status') && !kind.statusOnCreate
    const withoutStatus = lost(kind, sent, readBack(kind, created), errors).filter(
      (path) => !hasStatus || !path.startsWith('status'),
    )
    expect(withoutStatus).toEqual([])
    if (hasStatus) expect(lost(kind, sent, created, []).some((path) => path.startsWith('status'))).toBe(true)

    // the same over an object that had nothing, and its status over an object that had none
    const node = schemaFor(kind.group, kind.version, kind.kind)
    const metadata = { name: 'a', uid: 'u', resourceVersion: '1', ...(kind.namespaced && { namespace: 'x' }) }
    const bare = { apiVersion: sent.apiVersion, kind: sent.kind, metadata }
    const old = decodeObject(node, bare, 'Strict').object as unknown as KubeObject
    kind.defaults?.(old)
    const changed = clone(sent)
    kind.defaults?.(changed)
    prepareForUpdate(kind, changed, old)
    const refused = validateUpdate(kind, changed, old)
    const afterUpdate = lost(kind, sent, readBack(kind, changed), refused)
    const isStatus = (path: string) => kind.subresources.includes('status') && path.startsWith('status')
    expect(afterUpdate.filter((path) => !isStatus(path) && !notByUpdate[nameOf(kind)]?.test(path))).toEqual([])
    if (!kind.subresources.includes('status')) return
    const reported = clone(sent)
    kind.defaults?.(reported)
    prepareForStatusUpdate(kind, reported, old, '2026-01-01T00:00:00Z')
    const wrong = validateStatusUpdate(kind, reported, old)
    const status = lost(kind, sent, readBack(kind, reported), wrong).filter(
      (path) => path.startsWith('status') && !notByStatus[nameOf(kind)]?.test(path),
    )
    expect(status).toEqual([])
  })

  it('looks at thousands of fields', () => {
    const count = served.reduce((sum, kind) => sum + [...leaves(filled(kind))].length, 0)
    expect(count).toBeGreaterThan(10_000)
  })
})
