import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

/** What the graph keeps of an object, or knows of an owner it has never seen. */
export interface GraphNode {
  uid: string
  apiVersion: string
  kind: string
  name: string
  namespace: string | undefined
  /** Undefined for an owner known only from its dependants. */
  ref: ResourceRef | undefined
  owners: readonly OwnerReference[]
  dependents: Set<GraphNode>
  deleting: boolean
  /** Waits, in foreground deletion, until its dependants are gone. */
  deletingDependents: boolean
  /** Waits until its dependants have let go of it. */
  orphaning: boolean
}

/** What to look at after a change. */
export interface Work {
  /** Objects, by uid, that may have to be deleted. */
  check: Set<string>
  /** Objects, by uid, whose dependants are to let go of them. */
  orphan: Set<string>
  /** Objects that name an owner of another namespace, which can own nothing here. */
  misplaced: { node: GraphNode; reference: OwnerReference }[]
}

const noWork = (): Work => ({ check: new Set(), orphan: new Set(), misplaced: [] })

/** Who owns whom among all objects of the cluster. */
// pkg/controller/garbagecollector/graph_builder.go GraphBuilder
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  get size(): number {
    return this.#nodes.size
  }

  /** An object as it is now, new or changed. */
  // graph_builder.go processGraphChanges, processTransitions
  put(object: KubeObject, ref: ResourceRef): Work {
    const work = noWork()
    const { uid, name = '', namespace, finalizers = [], deletionTimestamp, ownerReferences = [] } = object.metadata
    if (!uid) return work
    const node = this.#nodes.get(uid) ?? this.#insert(uid)
    const before = node.owners
    const isNewlySeen = node.ref === undefined
    node.apiVersion = object.apiVersion
    node.kind = object.kind
    node.name = name
    node.namespace = namespace
    node.ref = ref
    node.owners = ownerReferences
    if (isNewlySeen) for (const dependent of node.dependents) this.#compare(dependent, node, work)
    this.#relink(node, before, work)

    const wasOrphaning = node.orphaning
    const wasDeletingDependents = node.deletingDependents
    node.deleting = deletionTimestamp !== undefined
    node.orphaning = node.deleting && finalizers.includes(orphanFinalizer)
    node.deletingDependents = node.deleting && finalizers.includes(foregroundFinalizer)
    if (node.orphaning && !wasOrphaning) work.orphan.add(uid)
    if (node.deletingDependents && !wasDeletingDependents) {
      for (const dependent of node.dependents) work.check.add(dependent.uid)
      work.check.add(uid)
    }
    return work
  }

  /**
   * An object that is gone, or was never there. As long as others name it as their owner it is remembered by its uid
   * alone: should it be seen (again), it has its dependants.
   */
  remove(uid: string): Work {
    const work = noWork()
    const node = this.#nodes.get(uid)
    if (!node) return work
    for (const dependent of node.dependents) work.check.add(dependent.uid)
    for (const { uid: ownerUid } of node.owners) this.#unlink(node, ownerUid, work)
    if (node.dependents.size === 0) this.#nodes.delete(uid)
    else
      Object.assign(node, { ref: undefined, owners: [], deleting: false, deletingDependents: false, orphaning: false })
    return work
  }

  #insert(uid: string): GraphNode {
    const node: GraphNode = {
      uid,
      apiVersion: '',
      kind: '',
      name: '',
      namespace: undefined,
      ref: undefined,
      owners: [],
      dependents: new Set(),
      deleting: false,
      deletingDependents: false,
      orphaning: false,
    }
    this.#nodes.set(uid, node)
    return node
  }

  #relink(node: GraphNode, before: readonly OwnerReference[], work: Work): void {
    for (const old of before) {
      const now = node.owners.find(({ uid }) => uid === old.uid)
      if (!now) this.#unlink(node, old.uid, work)
      else if (old.blockOwnerDeletion && !now.blockOwnerDeletion) this.#wake(old.uid, work)
    }
    for (const reference of node.owners) {
      let owner = this.#nodes.get(reference.uid)
      if (!owner) {
        owner = this.#insert(reference.uid)
        owner.apiVersion = reference.apiVersion
        owner.kind = reference.kind
        owner.name = reference.name
        owner.namespace = node.namespace
      }
      const isNew = !owner.dependents.has(node)
      owner.dependents.add(node)
      if (!isNew) continue
      // Nobody sees this owner: it may never have been, or be gone, also since others who name it were looked at.
      if (owner.ref === undefined) work.check.add(reference.uid)
      if (owner.deletingDependents) work.check.add(node.uid)
      this.#compare(node, owner, work)
    }
  }

  // Only a live read tells whether an owner that is not what the reference says owns the object nevertheless.
  // graph_builder.go addDependentToOwners, partitionDependents
  #compare(node: GraphNode, owner: GraphNode, work: Work): void {
    const reference = node.owners.find(({ uid }) => uid === owner.uid)
    if (!reference) return
    const elsewhere = owner.namespace !== node.namespace
    if (elsewhere && owner.ref?.namespaced) work.misplaced.push({ node, reference })
    const { apiVersion, kind, name } = reference
    const isOther = apiVersion !== owner.apiVersion || kind !== owner.kind || name !== owner.name
    if (isOther || (elsewhere && owner.ref?.namespaced !== false)) work.check.add(node.uid)
  }

  #unlink(node: GraphNode, ownerUid: string, work: Work): void {
    const owner = this.#nodes.get(ownerUid)
    if (!owner) return
    owner.dependents.delete(node)
    if (owner.ref === undefined && owner.dependents.size === 0) this.#nodes.delete(ownerUid)
    this.#wake(ownerUid, work)
  }

  // An owner in foreground deletion may have waited for just this.
  #wake(ownerUid: string, work: Work): void {
    if (this.#nodes.get(ownerUid)?.deletingDependents) work.check.add(ownerUid)
  }
}

/** The dependants that hold up an owner's foreground deletion. */
// pkg/controller/garbagecollector/graph.go blockingDependents
export const blockingDependents = (owner: GraphNode): GraphNode[] =>
  [...owner.dependents].filter((dependent) =>
    dependent.owners.some((reference) => reference.uid === owner.uid && reference.blockOwnerDeletion),
  )
