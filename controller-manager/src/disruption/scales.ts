import {
  deployments as deploymentsRef,
  replicaSets as replicaSetsRef,
  replicationControllers as replicationControllersRef,
  statefulSets as statefulSetsRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { InformerFactory } from '@kubets/shared/client/informer.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { apiVersionOf, controllerOf } from '@kubets/shared/machinery/object.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { Scale, ServedKinds } from '../discovery/served.ts'
import type { Expected } from './plan.ts'

interface Scaled {
  readonly uid: string
  readonly replicas: number
}

interface WithReplicas extends KubeObject {
  spec?: { replicas?: number }
}

/** Finds how many Pods their owners want: Deployments, ReplicaSets and the like, and whatever else has a scale. */
export class Scales {
  readonly #client: Client
  readonly #find: (ref: ResourceRef, name: string, namespace: string | undefined) => WithReplicas | undefined
  readonly #kinds: ServedKinds

  constructor(client: Client, informers: InformerFactory, kinds: ServedKinds) {
    this.#client = client
    this.#kinds = kinds
    const refs = [deploymentsRef, replicaSetsRef, replicationControllersRef, statefulSetsRef]
    const byKind = new Map(refs.map((ref) => [ref.kind, informers.informer(ref as ResourceRef<WithReplicas>)]))
    this.#find = ({ kind }, name, namespace) => byKind.get(kind)?.lister.get(name, namespace)
  }

  /** The sum of what the Pods' owners want. Throws where an owner's size cannot be known. */
  // pkg/controller/disruption/disruption.go getExpectedScale
  async expected(pods: readonly Pod[], signal: AbortSignal): Promise<Expected> {
    const unmanaged: Pod[] = []
    const byReference = new Map<string, Scaled>()
    const byOwner = new Map<string, number>()
    for (const pod of pods) {
      const reference = controllerOf(pod)
      if (reference === undefined) {
        unmanaged.push(pod)
        continue
      }
      const known = byReference.get(reference.uid)
      if (known !== undefined) continue
      const scaled = await this.#scaleOf(reference, pod.metadata.namespace, signal)
      if (scaled === undefined) throw new Error(`found no controllers for pod "${pod.metadata.name}"`)
      byReference.set(reference.uid, scaled)
      byOwner.set(scaled.uid, scaled.replicas)
    }
    return { pods: [...byOwner.values()].reduce((sum, count) => sum + count, 0), unmanaged }
  }

  async #scaleOf(
    reference: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Scaled | undefined> {
    const builtIn = builtInOf(reference)
    if (builtIn === undefined) return this.#scaleSubresource(reference, namespace, signal)
    const owner = this.#find(builtIn, reference.name, namespace)
    if (owner === undefined || owner.metadata.uid !== reference.uid) return undefined
    const parent = builtIn.kind === 'ReplicaSet' ? controllerOf(owner) : undefined
    if (parent !== undefined && builtInOf(parent)?.kind === 'Deployment')
      return this.#scaleOf(parent, namespace, signal)
    return { uid: reference.uid, replicas: owner.spec?.replicas ?? 0 }
  }

  // pkg/controller/disruption/disruption.go getScaleController
  async #scaleSubresource(
    { apiVersion, kind, name, uid }: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Scaled | undefined> {
    const ref = this.#kinds.ofVersion(apiVersion, kind)
    if (ref === undefined) return undefined
    try {
      const options = { namespace, subresource: 'scale', signal }
      const scale = await this.#client.get(ref as ResourceRef<Scale>, name, options)
      return scale.metadata.uid === uid ? { uid, replicas: scale.spec?.replicas ?? 0 } : undefined
    } catch (error) {
      if (!isNotFound(error)) throw error
      throw new Error(
        `${ref.group === '' ? ref.plural : `${ref.plural}.${ref.group}`} does not implement the scale subresource`,
      )
    }
  }
}

/** Whose size the informers know. */
const builtInOf = ({ apiVersion, kind }: OwnerReference): ResourceRef | undefined =>
  [deploymentsRef, replicaSetsRef, replicationControllersRef, statefulSetsRef].find(
    (ref) => ref.kind === kind && apiVersionOf(ref) === apiVersion,
  )
