import { replicationControllers } from '@kubets/shared/api/resources.gen.ts'
import type { ReplicationController } from '@kubets/shared/api/types/core-v1.ts'
import { noTemplate } from '../replicaset/kind.ts'
import type { ReplicaKind } from '../replicaset/kind.ts'

/** As the loop of ReplicaSets sees them: labels for a selector, which selects nothing when it is empty. */
// pkg/controller/replication/conversion.go convertRCtoRS
export const replicationControllerKind: ReplicaKind<ReplicationController> = {
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
    countsTerminating: false,
  }),
  matcher: ({ spec }) => {
    const wanted = Object.entries(spec.selector ?? {})
    return (labels) => wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
  },
  template: ({ spec }) => spec.template ?? noTemplate,
  withStatus: (owner, status) => ({ ...owner, status }),
}
