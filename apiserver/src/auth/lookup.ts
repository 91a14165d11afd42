import { findKind } from '@kubets/shared/api/kinds/index.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { Registry, RequestScope } from '../registry/types.ts'

/** Reads objects for the apiserver's own decisions. */
export interface Lookup {
  /** From the cache when it is there, else asked of etcd; undefined when there is none. */
  get<T extends KubeObject>(ref: ResourceRef<T>, name: string, namespace?: string): Promise<T | undefined>
  /** From the cache, which may be a moment behind. */
  list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): T[]
}

export function createLookup(registry: Registry, signal: AbortSignal): Lookup {
  return {
    async get<T extends KubeObject>(ref: ResourceRef<T>, name: string, namespace?: string) {
      const kind = kindOfRef(ref)
      const cached = registry.cached(kind).get(namespace === undefined ? name : `${namespace}/${name}`)
      if (cached !== undefined) return cached as T
      try {
        return (await registry.get(internalScope(kind, signal, namespace), name)).object as T
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    list: <T extends KubeObject>(ref: ResourceRef<T>, namespace?: string) =>
      Array.from(registry.cached(kindOfRef(ref)).list(namespace)) as T[],
  }
}

/** A scope for the apiserver's own requests: no user, no admission. */
export function internalScope(kind: Kind, signal: AbortSignal, namespace?: string): RequestScope {
  const scope = { kind, dryRun: false, warn: () => undefined, signal, fieldManager: 'kube-apiserver' }
  return namespace === undefined ? scope : { ...scope, namespace }
}

/** The table's entry for a resource. Throws when there is none: a fault of the program. */
export function kindOfRef({ group, version, plural }: ResourceRef): Kind {
  const kind = findKind(group, version, plural)
  if (kind === undefined) throw new Error(`${plural} is not in the table of kinds`)
  return kind
}
