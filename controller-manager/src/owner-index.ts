import type { Informer } from '@kubets/shared/client/informer.ts'
import { controllerOf } from '@kubets/shared/machinery/object.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'

const name = 'controller-uid'
const orphansOf = (namespace: string | undefined): string => `orphans/${namespace ?? ''}`

/** Finds objects by the uid of their controller, and those of a namespace that have none. */
export interface OwnerIndex<T> {
  ownedBy: (uid: string | undefined) => T[]
  orphans: (namespace: string | undefined) => T[]
}

/** Adds the index to the informer; several controllers may ask for it. */
// pkg/controller/controller_utils.go AddPodControllerIndexer
export const indexByOwner = <T extends KubeObject>(informer: Informer<T>): OwnerIndex<T> => {
  informer.addIndex(name, (object) => [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace)])
  return {
    ownedBy: (uid) => (uid ? informer.lister.byIndex(name, uid) : []),
    orphans: (namespace) => informer.lister.byIndex(name, orphansOf(namespace)),
  }
}
