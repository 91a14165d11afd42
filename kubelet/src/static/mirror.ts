// What becomes of the mirror of a static Pod: pure. pkg/kubelet/kubelet.go tryReconcileMirrorPods
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { annotations } from './manifest.ts'

/** Whether a Pod of the API server is but the image of a static one. */
export function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[annotations.mirror] !== undefined
}

/** Whether a Pod came from a file or a URL. pkg/kubelet/types/pod_update.go IsStaticPod */
export function isStatic(pod: Pod): boolean {
  const source = pod.metadata.annotations?.[annotations.source]
  return source !== undefined && source !== 'api' && !isMirror(pod)
}

export const fullName = ({ metadata: { namespace = '', name = '' } }: Pod): string => `${namespace}/${name}`

/** Whether `mirror` shows the static Pod as it is now. pkg/kubelet/pod/pod_manager.go IsMirrorPodOf */
export function isMirrorOf(mirror: Pod, pod: Pod): boolean {
  const hash = mirror.metadata.annotations?.[annotations.mirror]
  return fullName(mirror) === fullName(pod) && hash === pod.metadata.annotations?.[annotations.hash]
}

/** The static Pod of a name, its mirror, and whether another Pod of that name has not ended yet. */
export interface Mirrored {
  pod: Pod | undefined
  mirror: Pod | undefined
  ending: boolean
}

/** What to do about a mirror: nothing while what it shows has not ended. */
export function mirrorStep({ pod, mirror, ending }: Mirrored): 'create' | 'delete' | undefined {
  if (ending) return undefined
  if (!mirror) return pod && 'create'
  const right = pod && isMirrorOf(mirror, pod) && mirror.metadata.deletionTimestamp === undefined
  return right ? undefined : 'delete'
}

/** The mirror of a static Pod as it is created. pkg/kubelet/pod/mirror_client.go CreateMirrorPod */
export function mirrorOf({ metadata, spec }: Pod, node: Node): Pod {
  const { name, namespace, labels, annotations: own = {}, finalizers } = metadata
  const { name: nodeName = '', uid = '' } = node.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name, namespace },
      ...(labels && { labels }),
      ...(finalizers && { finalizers }),
      annotations: { ...own, [annotations.mirror]: own[annotations.hash] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid, controller: true }],
    },
    spec,
  }
}
