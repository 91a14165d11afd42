import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { preferred } from './resources.ts'
import type { DiscoveredResource } from './resources.ts'

/** The scale subresource of an object of any kind, as much of it as matters here. */
// api/autoscaling/v1/types.go Scale
export interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas?: number; selector?: string }
}

/** Finds the resources of kinds that others name: what the server served when it was last asked. */
export class ServedKinds {
  #byVersion: ReadonlyMap<string, ResourceRef> = new Map()
  #byGroup: ReadonlyMap<string, readonly ResourceRef[]> = new Map()

  /** Takes what was just discovered. */
  serve(resources: readonly DiscoveredResource[]): void {
    this.#byVersion = new Map(resources.map(({ ref }) => [`${apiVersionOf(ref)}/${ref.kind}`, ref]))
    this.#byGroup = Map.groupBy(
      preferred(resources).map(({ ref }) => ref),
      ({ group, kind }) => `${group}/${kind}`,
    )
  }

  /** The resource of this kind in this version. */
  ofVersion(apiVersion: string, kind: string): ResourceRef | undefined {
    return this.#byVersion.get(`${apiVersion}/${kind}`)
  }

  /** The resources of this kind in the version that the server prefers. Most kinds have one; none when it is not served. */
  // apimachinery/pkg/api/meta/restmapper.go RESTMappings
  ofGroup(group: string, kind: string): readonly ResourceRef[] {
    return this.#byGroup.get(`${group}/${kind}`) ?? []
  }
}
