import type { Namespace, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'

/** The account every namespace has; undefined when it is there, or the namespace on its way out. */
// pkg/controller/serviceaccount/serviceaccounts_controller.go syncNamespace
export const plan = (namespace: Namespace, exists: boolean): ServiceAccount | undefined => {
  if (exists || namespace.status?.phase === 'Terminating' || namespace.metadata.deletionTimestamp !== undefined)
    return undefined
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: namespace.metadata.name },
  }
}
