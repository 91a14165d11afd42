import type { Container, ObjectReference, Pod } from '@kubets/shared/api/types/core-v1.ts'

/** Takes events about the kubelet's objects; never throws. shared/client's EventRecorder is one. */
export interface Recorder {
  event(
    about: Pod | ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    annotations?: Readonly<Record<string, string>>,
  ): void
}

/** Names the node in an event; its uid is its name, as the Node object may not exist yet. */
// pkg/kubelet/kubelet.go NewMainKubelet nodeRef
export function nodeReference(name: string): ObjectReference {
  return { kind: 'Node', name, uid: name }
}

/** Names one container of a Pod in an event. */
// pkg/kubelet/container/ref.go GenerateContainerRef
export function containerReference(pod: Pod, container: Container): ObjectReference {
  const { name, namespace, uid, resourceVersion } = pod.metadata
  const list = pod.spec.containers.includes(container)
    ? 'containers'
    : pod.spec.initContainers?.includes(container)
      ? 'initContainers'
      : 'ephemeralContainers'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    name: name ?? '',
    namespace: namespace ?? '',
    uid: uid ?? '',
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    fieldPath: `spec.${list}{${container.name}}`,
  }
}
