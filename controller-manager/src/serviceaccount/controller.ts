import { serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Controller } from '../context.ts'
import { startPerNamespace } from '../per-namespace.ts'
import { plan } from './plan.ts'

const name = 'serviceaccount-controller'

// pkg/controller/serviceaccount/serviceaccounts_controller.go
export const serviceAccountController: Controller = {
  name,
  start: (context) => {
    const accounts = context.informers.informer(serviceAccounts)
    return startPerNamespace(context, {
      controller: name,
      objects: accounts,
      objectName: 'default',
      ensure: async (namespace, signal) => {
        const wanted = plan(namespace, accounts.lister.get('default', namespace.metadata.name) !== undefined)
        if (wanted) await context.client.create(serviceAccounts, wanted, { namespace: namespace.metadata.name, signal })
      },
    })
  },
}
