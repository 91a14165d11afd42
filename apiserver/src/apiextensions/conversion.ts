import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import { applyDefaults, dropNulls } from '@kubets/shared/api/structural/defaults.ts'
import { resourceNode } from '@kubets/shared/api/structural/node.ts'
import type { Schema } from '@kubets/shared/api/structural/schema.ts'
import type { StoredAs } from '@kubets/shared/api/kinds/kind.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'

/** What is known of one version of a definition. */
export interface Version {
  readonly apiVersion: string
  readonly schema: Schema | undefined
  readonly node: ObjectNode
}

/** Objects in another version: new ones, each at `apiVersion` already where it was not. Rejects with an Error. */
export type Convert = (objects: readonly KubeObject[], apiVersion: string, signal: AbortSignal) => Promise<KubeObject[]>

/** The versions of a definition by apiVersion. */
export function versionsOf({ spec }: CustomResourceDefinition): Map<string, Version> {
  const { group, names, versions, preserveUnknownFields = false } = spec
  return new Map(
    versions.map(({ name, schema }) => {
      const apiVersion = `${group}/${name}`
      const root = schema?.openAPIV3Schema
      const node = resourceNode(root, { group, version: name, kind: names.kind }, preserveUnknownFields)
      return [apiVersion, { apiVersion, schema: root, node }]
    }),
  )
}

/**
 * Drops what the version does not know, in place: unknown fields, and nulls where none may be. Throws a 400 for metadata that
 * is none.
 */
// apiextensions-apiserver/pkg/apiserver/customresource_handler.go unstructuredSchemaCoercer
function coerce({ node, schema }: Version, object: KubeObject): void {
  decodeObject(node, object, 'Ignore')
  dropNulls(object, schema)
}

/** Defaults of a version, in place. */
export function setDefaults({ schema }: Version, object: KubeObject): void {
  dropNulls(object, schema)
  applyDefaults(object, schema)
}

/** How objects of one version are kept: in the storage version, whatever version they were written in before. */
// apiextensions-apiserver/pkg/apiserver/customresource_handler.go crdConversionRESTOptionsGetter
export function storedAs(
  crd: CustomResourceDefinition,
  versions: ReadonlyMap<string, Version>,
  served: Version,
  convert: Convert | undefined,
): StoredAs {
  const { group, names } = crd.spec
  const storage = crd.spec.versions.find((version) => version.storage)?.name ?? ''
  const storedVersion = versions.get(`${group}/${storage}`) ?? served
  const read = (stored: KubeObject): KubeObject => {
    const object = clone(stored)
    const version = versions.get(stored.apiVersion)
    if (version) {
      coerce(version, object)
      applyDefaults(object, version.schema)
    }
    return object
  }
  const moved = (object: KubeObject, { apiVersion }: Version): KubeObject => ({ ...object, apiVersion })
  const unchanged = (object: KubeObject, stored: KubeObject): KubeObject =>
    deepEqual(object, stored) ? stored : object
  return {
    group,
    version: storage,
    plural: names.plural,
    kind: names.kind,
    from(stored) {
      const object = read(stored)
      if (object.apiVersion === served.apiVersion) return unchanged(object, stored)
      const converted = moved(object, served)
      coerce(served, converted)
      return converted
    },
    to(object) {
      if (served === storedVersion) return object
      const converted = moved(clone(object), storedVersion)
      coerce(storedVersion, converted)
      return converted
    },
    ...(convert === undefined
      ? {}
      : {
          webhook: {
            async from(stored, signal) {
              const objects = stored.map(read)
              const foreign = objects.filter(({ apiVersion }) => apiVersion !== served.apiVersion)
              const answered =
                foreign.length > 0 ? (await convert(foreign, served.apiVersion, signal)).values() : [].values()
              return objects.map((object, i) => {
                if (object.apiVersion === served.apiVersion) return unchanged(object, stored[i] ?? object)
                const converted = answered.next().value ?? object
                coerce(served, converted)
                return converted
              })
            },
            async to(object, signal) {
              if (served === storedVersion) return object
              const [converted = object] = await convert([clone(object)], storedVersion.apiVersion, signal)
              coerce(storedVersion, converted)
              return converted
            },
          },
        }),
  }
}
