import { validatingAdmissionPolicies } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { plan } from './plan.ts'

const name = 'validatingadmissionpolicy-status-controller'

// pkg/controller/validatingadmissionpolicystatus/controller.go
export const validatingAdmissionPolicyStatusController: Controller = {
  name,
  start: (context) => {
    const policies = context.informers.informer(validatingAdmissionPolicies)
    const queue = context.queue(name)
    policies.addHandler({
      add: (policy) => queue.add(objectKey(policy)),
      update: (_, policy) => queue.add(objectKey(policy)),
    })
    const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
      const policy = policies.lister.get(key)
      const status = policy && plan(policy)
      if (policy === undefined || status === undefined) return
      try {
        await context.client.update(
          validatingAdmissionPolicies,
          { ...policy, status },
          { subresource: 'status', signal },
        )
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    // pkg/controller/validatingadmissionpolicystatus/config: ConcurrentPolicySyncs
    return runLoop(context, {
      name,
      queue,
      workers: context.options.syncs['validating-admission-policy-status'],
      reconcile,
    })
  },
}
