import type { Api, ApiObject } from './api.ts'
import { until } from './until.ts'

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** A JSON schema, as definitions have it. */
export type Schema = Record<string, unknown>

export interface Version {
  readonly name: string
  readonly served?: boolean
  readonly storage?: boolean
  readonly schema?: Schema
  readonly [field: string]: unknown
}

export interface Defined {
  readonly object: ApiObject
  readonly group: string
  readonly plural: string
  readonly kind: string
  /** "/apis/GROUP/VERSION" */
  root(version?: string): string
  /** Deletes the definition, and with it all objects. */
  remove(): Promise<void>
}

/** Any object: the schema of definitions whose schema does not matter. */
export const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

let count = 0

/** A name that no other case has. */
export const uniqueName = (word: string): string => `${word}${process.pid.toString(36)}${(count++).toString(36)}`

/** A definition as an object, not created yet; versions without a schema take anything. */
export function definition(
  word: string,
  versions: readonly Version[],
  more: { scope?: string; group?: string; labels?: Record<string, string>; conversion?: unknown } = {},
) {
  const singular = uniqueName(word)
  const group = more.group ?? `${singular}.e2e.kubets.example.com`
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}`, ...(more.labels ? { labels: more.labels } : {}) },
    spec: {
      group,
      scope: more.scope ?? 'Cluster',
      names: { plural: `${singular}s`, singular, kind: `E2e${singular}`, listKind: `E2e${singular}List` },
      versions: versions.map(({ schema = anything, ...version }, i) => ({
        served: true,
        storage: i === 0,
        ...version,
        schema: { openAPIV3Schema: schema },
      })),
      ...(more.conversion === undefined ? {} : { conversion: more.conversion }),
    },
  }
}

/** Creates a definition and waits until it is served. */
export async function define(api: Api, given: ReturnType<typeof definition>): Promise<Defined> {
  await api.call('POST', definitionsPath, given)
  const path = `${definitionsPath}/${given.metadata.name}`
  const object = await until(`${given.metadata.name} to be established`, async () => {
    const found = await api.call<ApiObject & { status?: { conditions?: { type: string; status: string }[] } }>(
      'GET',
      path,
    )
    return found.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')
      ? found
      : undefined
  })
  const { group, names } = given.spec
  const first = given.spec.versions[0]?.name ?? 'v1'
  return {
    object,
    group,
    plural: names.plural,
    kind: names.kind,
    root: (version = first) => `/apis/${group}/${version}`,
    remove: async () => {
      await api.send('DELETE', path)
    },
  }
}
