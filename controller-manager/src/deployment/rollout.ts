import type { Deployment, DeploymentStatus, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { deployments } from '@kubets/shared/api/resources.gen.ts'
import { findCondition, newCondition, withCondition } from './conditions.ts'
import { hashLabel, reasons, revisionAnnotation } from './names.ts'
import { compareCreation, newSetReplicas, wantedReplicas } from './replicas.ts'
import { highestRevision, newSetAnnotations, sizeAnnotations } from './revision.ts'
import type { Rollback } from './rollback.ts'
import { progressDeadline } from './status.ts'
import { sameTemplate, templateHash } from '../pods/template-hash.ts'

export type Action =
  | { type: 'create'; replicaSet: ReplicaSet; event?: string }
  | { type: 'update'; replicaSet: ReplicaSet; event?: string }
  | { type: 'delete'; replicaSet: ReplicaSet }
  | { type: 'rollback'; rollback: Rollback }
  /** Annotations are written with the status: a write of their own would count as a new generation. */
  | { type: 'status'; status: DeploymentStatus; annotations: Record<string, string> | undefined }

/**
 * One look at a Deployment and its ReplicaSets. Decisions change these copies, so that later ones see the sizes that
 * earlier ones chose; `actions` is the difference to what was read.
 */
export class Rollout {
  readonly deployment: Deployment
  readonly sets: ReplicaSet[]
  readonly now: number
  newSet: ReplicaSet | undefined
  readonly #original: Deployment
  readonly #read: readonly ReplicaSet[]
  readonly #removed: ReplicaSet[] = []
  readonly #events = new Map<string, string>()
  #created: ReplicaSet | undefined

  constructor(deployment: Deployment, replicaSets: readonly ReplicaSet[], now: number) {
    this.#original = deployment
    this.#read = replicaSets
    this.deployment = clone(deployment)
    this.sets = replicaSets.map((set) => clone(set)).sort(compareCreation)
    this.now = now
    this.newSet = this.sets.find((set) => sameTemplate(set.spec.template, deployment.spec.template))
  }

  get oldSets(): ReplicaSet[] {
    return this.sets.filter((set) => set !== this.newSet)
  }

  get status(): DeploymentStatus {
    return this.deployment.status ?? {}
  }

  setProgressing(value: string, reason: string, message: string): void {
    const condition = newCondition('Progressing', value, reason, message, this.now)
    this.deployment.status = { ...this.status, conditions: withCondition(this.status.conditions ?? [], condition) }
  }

  /** Brings the newest ReplicaSet's annotations and the revision up to date, creating the set where it may. */
  // pkg/controller/deployment/sync.go getNewReplicaSet
  syncNewSet(mayCreate: boolean): void {
    const revision = highestRevision(this.oldSets) + 1
    const found = this.newSet
    if (found) {
      found.metadata.annotations = newSetAnnotations(this.deployment, found.metadata.annotations, revision)
      if ((found.spec.minReadySeconds ?? 0) !== (this.deployment.spec.minReadySeconds ?? 0))
        found.spec.minReadySeconds = this.deployment.spec.minReadySeconds ?? 0
      this.#setRevision(found.metadata.annotations[revisionAnnotation] ?? '')
      if (
        progressDeadline(this.deployment) !== undefined &&
        !findCondition(this.status.conditions ?? [], 'Progressing')
      )
        this.setProgressing('True', reasons.found, `Found new replica set "${found.metadata.name}"`)
      return
    }
    if (!mayCreate) return
    const created = this.#buildNewSet(revision)
    this.newSet = created
    this.#created = created
    this.sets.push(created)
    if ((created.spec.replicas ?? 0) > 0)
      this.#events.set(
        created.metadata.name ?? '',
        `Scaled up replica set ${created.metadata.name} from 0 to ${created.spec.replicas}`,
      )
    this.#setRevision(String(revision))
    if (progressDeadline(this.deployment) !== undefined)
      this.setProgressing('True', reasons.created, `Created new replica set "${created.metadata.name}"`)
  }

  /** Gives a set its size and the annotations that go with it; true when the size changed. */
  // pkg/controller/deployment/sync.go scaleReplicaSet
  scale(set: ReplicaSet, size: number): boolean {
    const before = set.spec.replicas ?? 1
    set.metadata.annotations = { ...set.metadata.annotations, ...sizeAnnotations(this.deployment) }
    if (before === size) return false
    set.spec.replicas = size
    const name = set.metadata.name ?? ''
    if (set !== this.#created)
      this.#events.set(name, `Scaled ${before < size ? 'up' : 'down'} replica set ${name} from ${before} to ${size}`)
    return true
  }

  remove(set: ReplicaSet): void {
    this.#removed.push(set)
  }

  /** What has to be written, in this order, given the final status. */
  actions(status: DeploymentStatus): Action[] {
    const actions: Action[] = []
    for (const set of this.sets) {
      const name = set.metadata.name ?? ''
      const event = this.#events.get(name)
      const withEvent = event === undefined ? {} : { event }
      if (set === this.#created) {
        actions.push({ type: 'create', replicaSet: set, ...withEvent })
        continue
      }
      const read = this.#read.find((candidate) => candidate.metadata.name === name)
      if (!deepEqual(read, set)) actions.push({ type: 'update', replicaSet: set, ...withEvent })
    }
    for (const set of this.#removed) actions.push({ type: 'delete', replicaSet: set })
    const annotations = this.deployment.metadata.annotations
    const annotated = !deepEqual(annotations, this.#original.metadata.annotations)
    if (annotated || !deepEqual(withoutZeroes(status), withoutZeroes(this.#original.status ?? {})))
      actions.push({ type: 'status', status: withoutZeroes(status), annotations })
    return actions
  }

  // pkg/controller/deployment/util/deployment_util.go SetDeploymentRevision
  #setRevision(revision: string): void {
    if (revision === '' || this.deployment.metadata.annotations?.[revisionAnnotation] === revision) return
    this.deployment.metadata.annotations = { ...this.deployment.metadata.annotations, [revisionAnnotation]: revision }
  }

  #buildNewSet(revision: number): ReplicaSet {
    const { metadata, spec } = this.deployment
    const hash = templateHash(spec.template, this.status.collisionCount ?? 0)
    const template = clone(spec.template)
    const labels = { ...template.metadata?.labels, [hashLabel]: hash }
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${metadata.name}-${hash}`,
        namespace: metadata.namespace,
        labels,
        annotations: {
          ...newSetAnnotations(this.deployment, undefined, revision),
          ...sizeAnnotations(this.deployment),
        },
        ownerReferences: [newControllerRef(this.deployment, deployments)],
      },
      spec: {
        replicas: newSetReplicas(this.deployment, this.sets, 0),
        ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
        selector: {
          ...clone(spec.selector),
          matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash },
        },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    }
  }
}

// Zero counts are not stored, but for the terminating ones, so they are no difference.
const withoutZeroes = (status: DeploymentStatus): DeploymentStatus =>
  Object.fromEntries(
    Object.entries(status).filter(
      ([name, value]) =>
        value !== undefined &&
        (value !== 0 || name === 'terminatingReplicas' || name === 'collisionCount') &&
        !(name === 'conditions' && Array.isArray(value) && value.length === 0),
    ),
  )

/** True when the set carries the Deployment's present size and has all its Pods available. */
// pkg/controller/deployment/util/deployment_util.go IsSaturated
export const isSaturated = (
  deployment: Deployment,
  set: ReplicaSet | undefined,
  desired: number | undefined,
): boolean =>
  set !== undefined &&
  set.spec.replicas === wantedReplicas(deployment) &&
  desired === wantedReplicas(deployment) &&
  (set.status?.availableReplicas ?? 0) === wantedReplicas(deployment)
