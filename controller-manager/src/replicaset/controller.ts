import { replicaSets } from '@kubets/shared/api/resources.gen.ts'
import type { ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { Controller } from '../context.ts'
import { noTemplate } from './kind.ts'
import type { ReplicaKind } from './kind.ts'
import { startReplicas } from './loop.ts'

const kind: ReplicaKind<ReplicaSet> = {
  name: 'replicaset-controller',
  component: 'replicaset-controller',
  ref: replicaSets,
  syncs: 'replicaset',
  view: ({ metadata, spec, status }) => ({
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    templateLabels: spec.template?.metadata?.labels ?? {},
    status: status ?? { replicas: 0 },
    countsTerminating: true,
  }),
  matcher: ({ spec }) => {
    const selector = labelSelectorFromObject(spec.selector)
    return (labels) => selector.matches(labels)
  },
  template: ({ spec }) => spec.template ?? noTemplate,
  withStatus: (owner, status) => ({ ...owner, status }),
}

// pkg/controller/replicaset/replica_set.go
export const replicaSetController: Controller = {
  name: kind.name,
  start: (context) => startReplicas(kind, context),
}
