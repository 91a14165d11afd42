import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Plugin } from '../framework/plugin.ts'

/** Binds through the Pod's binding subresource. */
// pkg/scheduler/framework/plugins/defaultbinder/default_binder.go
export function defaultBinder(client: Client): Plugin {
  return {
    name: 'DefaultBinder',
    async bind({ pod }, node, signal) {
      const { name = '', namespace, uid } = pod.metadata
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { kind: 'Node', name: node },
      }
      await client.create(pods, binding, { namespace, name, subresource: 'binding', signal })
    },
  }
}
