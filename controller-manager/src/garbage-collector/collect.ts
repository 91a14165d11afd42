import type { Client } from '@kubets/shared/client/client.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { ObjectMeta, OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { blockingDependents, foregroundFinalizer, orphanFinalizer } from './graph.ts'
import type { GraphNode } from './graph.ts'
import type { KindMap } from './kinds.ts'
import { ownerState, plan } from './plan.ts'
import type { OwnerState } from './plan.ts'

// How many absent owners are remembered; pkg/controller/garbagecollector NewReferenceCache(500)
const remembered = 500

interface CollectorOptions {
  client: Client
  kinds: KindMap
  /** An object was found to be gone. */
  gone: (uid: string) => void
  /** An object should be looked at. */
  check: (uid: string) => void
  checkLater: (uid: string) => void
}

type Place = Pick<GraphNode, 'apiVersion' | 'kind' | 'namespace' | 'name' | 'uid'>

// An owner that is absent from one namespace may be there in another.
const placeOf = ({ apiVersion, kind, namespace, name, uid }: Place): string =>
  [apiVersion, kind, namespace, name, uid].join('/')

/** The writes of the garbage collector; each rests on a live read and is bound to what was read. */
export class Collector {
  readonly #options: CollectorOptions
  readonly #absent = new Set<string>()

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** Deletes the object, or lets go of owners, as their state demands. */
  // pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
  async collect(node: GraphNode, signal: AbortSignal): Promise<void> {
    if (node.deleting && !node.deletingDependents) return
    const ref = node.ref ?? this.#options.kinds.resolve(node.apiVersion, node.kind)
    const place = placeOf(node)
    const live = await this.#live(ref, node.name, node.namespace, signal)
    if (live?.metadata.uid !== node.uid) {
      this.#rememberAbsent(place)
      // It may have been seen meanwhile, and somewhere else than its dependant said.
      if (placeOf(node) === place) this.#options.gone(node.uid)
      return
    }
    if (node.ref === undefined) return this.#options.checkLater(node.uid)
    if (node.deletingDependents) return this.#finishForeground(node, live, ref, signal)
    await this.#apply(node, live, ref, signal)
  }

  /** Makes the dependants let go of the object, then the object itself go. */
  // pkg/controller/garbagecollector/garbagecollector.go attemptToOrphanWorker
  async orphan(node: GraphNode, signal: AbortSignal): Promise<void> {
    const { ref } = node
    if (!ref) return
    for (const dependent of node.dependents) {
      if (!dependent.ref) continue
      const live = await this.#live(dependent.ref, dependent.name, dependent.namespace, signal)
      if (live?.metadata.uid !== dependent.uid) continue
      const owners = live.metadata.ownerReferences ?? []
      const kept = owners.filter(({ uid }) => uid !== node.uid)
      if (kept.length < owners.length) await this.#patch(dependent.ref, live, { ownerReferences: kept }, signal)
    }
    const live = await this.#live(ref, node.name, node.namespace, signal)
    if (live?.metadata.uid === node.uid) await this.#removeFinalizer(ref, live, orphanFinalizer, signal)
  }

  // garbagecollector.go processDeletingDependentsItem
  async #finishForeground(node: GraphNode, live: KubeObject, ref: ResourceRef, signal: AbortSignal): Promise<void> {
    const blocking = blockingDependents(node)
    if (blocking.length === 0) return this.#removeFinalizer(ref, live, foregroundFinalizer, signal)
    for (const dependent of blocking) if (!dependent.deletingDependents) this.#options.check(dependent.uid)
  }

  async #apply(node: GraphNode, live: KubeObject, ref: ResourceRef, signal: AbortSignal): Promise<void> {
    const owners: { reference: OwnerReference; state: OwnerState }[] = []
    for (const reference of live.metadata.ownerReferences ?? [])
      owners.push({ reference, state: await this.#stateOf(reference, node, signal) })
    const dependents = [...node.dependents]
    const action = plan({
      metadata: live.metadata,
      owners,
      hasDependents: dependents.length > 0,
      dependentsDeleteInForeground: dependents.some(({ deletingDependents }) => deletingDependents),
    })
    if (action.type === 'nothing') return
    const patched =
      action.ownerReferences && (await this.#patch(ref, live, { ownerReferences: action.ownerReferences }, signal))
    if (action.type !== 'delete') return
    const { uid, resourceVersion, namespace } = (patched ?? live).metadata
    try {
      await this.#options.client.delete(ref, node.name, {
        namespace,
        propagationPolicy: action.policy,
        preconditions: { uid, resourceVersion },
        signal,
      })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #stateOf(reference: OwnerReference, node: GraphNode, signal: AbortSignal): Promise<OwnerState> {
    const ref = this.#options.kinds.resolve(reference.apiVersion, reference.kind)
    // An object without a namespace cannot be owned from inside one; which one is meant cannot be told.
    if (ref.namespaced && node.namespace === undefined) return 'impossible'
    const namespace = ref.namespaced ? node.namespace : undefined
    const place = placeOf({ ...reference, namespace })
    if (this.#absent.has(place)) return 'absent'
    const live = await this.#live(ref, reference.name, namespace, signal)
    const state = ownerState(reference, live?.metadata)
    if (state === 'absent') this.#rememberAbsent(place)
    return state
  }

  async #removeFinalizer(ref: ResourceRef, live: KubeObject, finalizer: string, signal: AbortSignal): Promise<void> {
    const finalizers = live.metadata.finalizers ?? []
    if (!finalizers.includes(finalizer)) return
    await this.#patch(ref, live, { finalizers: finalizers.filter((each) => each !== finalizer) }, signal)
  }

  // Custom resources know no strategic merge, so whole lists are written, bound to the version they were read in.
  async #patch(
    ref: ResourceRef,
    { metadata: { name = '', namespace, uid, resourceVersion } }: KubeObject,
    change: Pick<ObjectMeta, 'ownerReferences' | 'finalizers'>,
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    try {
      return await this.#options.client.patch(
        ref,
        name,
        { metadata: { uid, resourceVersion, ...change } },
        { type: 'merge', namespace, signal },
      )
    } catch (error) {
      if (!isNotFound(error)) throw error
      return undefined
    }
  }

  async #live(
    ref: ResourceRef,
    name: string,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    try {
      return await this.#options.client.get(ref, name, { namespace: ref.namespaced ? namespace : undefined, signal })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  #rememberAbsent(place: string): void {
    this.#absent.add(place)
    const [oldest] = this.#absent
    if (this.#absent.size > remembered && oldest !== undefined) this.#absent.delete(oldest)
  }
}
