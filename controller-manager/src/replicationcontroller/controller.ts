import type { Controller } from '../context.ts'
import { startReplicas } from '../replicaset/loop.ts'
import { replicationControllerKind as kind } from './kind.ts'

// pkg/controller/replication/replication_controller.go
export const replicationControllerController: Controller = {
  name: kind.name,
  start: (context) => startReplicas(kind, context),
}
