import type { ReplicaSetStatus } from '@kubets/shared/api/types/apps-v1.ts'
import type { PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { ReplicaOwner } from './plan.ts'

/** Both kinds allow to leave the template out; a Pod of none is refused by the server. */
export const noTemplate: PodTemplateSpec = { spec: { containers: [] } }

/** What the replica loop needs to know of a kind; ReplicaSet and ReplicationController are the two. */
export interface ReplicaKind<T extends KubeObject> {
  /** Upstream's controller name; also names queue and event source. */
  name: string
  component: string
  ref: ResourceRef<T>
  /** What --concurrent-*-syncs calls it. */
  syncs: 'rc' | 'replicaset'
  view: (owner: T) => ReplicaOwner
  matcher: (owner: T) => (labels: Record<string, string>) => boolean
  template: (owner: T) => PodTemplateSpec
  withStatus: (owner: T, status: ReplicaSetStatus) => T
}
