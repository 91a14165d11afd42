import type { Pod, PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'

// A generated name keeps room for the five random characters that the server appends.
const longestPrefix = 253

/** The Pod an owner creates from its template; the server completes the name. */
// pkg/controller/controller_utils.go GetPodFromTemplate
export const podFromTemplate = (template: PodTemplateSpec, owner: KubeObject, controller: OwnerReference): Pod => {
  const name = owner.metadata.name ?? ''
  const prefix = name.length + 1 <= longestPrefix ? `${name}-` : name
  const source = clone(template)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: prefix,
      namespace: owner.metadata.namespace,
      ...(source.metadata?.labels ? { labels: source.metadata.labels } : {}),
      ...(source.metadata?.annotations ? { annotations: source.metadata.annotations } : {}),
      ...(source.metadata?.finalizers ? { finalizers: source.metadata.finalizers } : {}),
      ownerReferences: [controller],
    },
    spec: source.spec ?? { containers: [] },
  }
}
