import { clusterRoles } from '@kubets/shared/api/resources.gen.ts'
import type { Controller } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { plan } from './plan.ts'

const name = 'clusterrole-aggregation-controller'

// pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
/** Keeps the rules of roles that are the sum of others. */
export const clusterRoleAggregationController: Controller = {
  name,
  start: (context) => {
    const roles = context.informers.informer(clusterRoles)
    const queue = context.queue(name)
    // any role may be part of any sum
    const enqueue = (): void => {
      for (const role of roles.lister.list()) {
        if (role.aggregationRule !== undefined) queue.add(role.metadata.name ?? '')
      }
    }
    roles.addHandler({ add: enqueue, update: enqueue, delete: enqueue })

    const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
      const role = roles.lister.get(key)
      const rules = role && plan(role, roles.lister.list())
      if (role && rules) await context.client.update(clusterRoles, { ...role, rules }, { signal })
    }
    return runLoop(context, { name, queue, workers: 1, reconcile })
  },
}
