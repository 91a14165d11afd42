import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import type { ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { DiscoveredResource } from '../discovery/resources.ts'

/** Finds the resource behind the apiVersion and kind of an owner reference. */
// apimachinery/pkg/api/meta RESTMapper
export class KindMap {
  #refs = new Map<string, ResourceRef>()

  replace(resources: readonly DiscoveredResource[]): void {
    const refs = new Map<string, ResourceRef>()
    for (const { ref } of resources) {
      const key = `${apiVersionOf(ref)} ${ref.kind}`
      if (!refs.has(key)) refs.set(key, ref)
    }
    this.#refs = refs
  }

  /** Throws for a kind that the server does not know: its objects must not be taken for absent. */
  resolve(apiVersion: string, kind: string): ResourceRef {
    const ref = this.#refs.get(`${apiVersion} ${kind}`)
    if (!ref) throw new Error(`no resource is known for kind ${kind} in ${apiVersion}`)
    return ref
  }
}
