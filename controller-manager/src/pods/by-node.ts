import type { Informer } from '@kubets/shared/client/informer.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'

const name = 'node-name'

/** Finds the Pods of a node; several controllers may ask for the index. */
export const indexByNode = (pods: Informer<Pod>): ((node: string) => Pod[]) => {
  pods.addIndex(name, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []))
  return (node) => pods.lister.byIndex(name, node)
}
