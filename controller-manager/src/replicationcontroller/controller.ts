import { replicationControllers } from '@kubets/shared/api/resources.gen.ts'
import type { ReplicationController } from '@kubets/shared/api/types/core-v1.ts'
import type { Controller } from '../context.ts'
import { noTemplate } from '../replicaset/kind.ts'
import type { ReplicaKind } from '../replicaset/kind.ts'
import { startReplicas } from '../replicaset/loop.ts'

const kind: ReplicaKind<ReplicationController> = {
  name: 'replicationcontroller-controller',
  component: 'replication-controller',
  ref: replicationControllers,
  syncs: 'rc',
  view: ({ metadata, spec, status }) => ({
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    templateLabels: spec.template?.metadata?.labels ?? {},
    status: status ?? { replicas: 0 },
  }),
  matcher: ({ spec }) => {
    const wanted = Object.entries(spec.selector ?? {})
    return (labels) => wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
  },
  template: ({ spec }) => spec.template ?? noTemplate,
  // The older kind has no count of terminating Pods.
  withStatus: (owner, { terminatingReplicas: _, ...status }) => ({ ...owner, status }),
}

// pkg/controller/replication/replication_controller.go
export const replicationControllerController: Controller = {
  name: kind.name,
  start: (context) => startReplicas(kind, context),
}
