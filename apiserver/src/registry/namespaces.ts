import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import type { Behaviour } from './behaviour.ts'

/** A namespace stays, Terminating, until the namespace controller has emptied it and taken its finalizer away. */
// pkg/registry/core/namespace/storage/storage.go Delete, ShouldDeleteNamespaceDuringUpdate
export const namespaceBehaviour: Behaviour = {
  mayGo: (object) => ((object as Namespace).spec?.finalizers?.length ?? 0) === 0,
  onDelete(object) {
    const namespace = object as Namespace
    namespace.status = { ...namespace.status, phase: 'Terminating' }
    delete namespace.metadata.deletionGracePeriodSeconds
  },
}
