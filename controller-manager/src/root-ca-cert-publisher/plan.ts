import type { ConfigMap, Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'

export const configMapName = 'kube-root-ca.crt'

const descriptionAnnotation = 'kubernetes.io/description'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

type PublishAction = { type: 'create' | 'update'; configMap: ConfigMap }

/** The ConfigMap with the cluster's root certificate as a namespace should have it; undefined when it does. */
// pkg/controller/certificates/rootcacertpublisher/publisher.go syncNamespace
export const plan = (
  namespace: Namespace,
  current: ConfigMap | undefined,
  rootCA: string,
): PublishAction | undefined => {
  if (namespace.status?.phase === 'Terminating' || namespace.metadata.deletionTimestamp !== undefined) return undefined
  const data = { 'ca.crt': rootCA }
  if (!current) {
    return {
      type: 'create',
      configMap: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: configMapName,
          namespace: namespace.metadata.name,
          annotations: { [descriptionAnnotation]: description },
        },
        data,
      },
    }
  }
  const annotations = current.metadata.annotations ?? {}
  if (deepEqual(current.data, data) && (annotations[descriptionAnnotation] ?? '') !== '') return undefined
  return {
    type: 'update',
    configMap: {
      ...current,
      metadata: { ...current.metadata, annotations: { ...annotations, [descriptionAnnotation]: description } },
      data,
    },
  }
}
