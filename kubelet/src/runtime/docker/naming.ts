// Names and labels of what the kubelet makes in Docker: the state that a restarted kubelet reads back. They are
// dockershim's, so that tools which know it find their way.
// kubernetes 1.23 pkg/kubelet/dockershim/naming.go, docker_container.go, helpers.go
import type { PodIdentity } from '../types.ts'

export const labelNames = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  type: 'io.kubernetes.docker.type',
  sandboxId: 'io.kubernetes.sandbox.id',
  /** Which node's kubelet owns it: several may share one Docker engine in tests. */
  node: 'kubets.node',
  attempt: 'kubets.attempt',
} as const

const annotationPrefix = 'annotation.'

export type ContainerType = 'podsandbox' | 'container'

/** k8s_<container>_<pod>_<namespace>_<uid>_<attempt>; a sandbox's container is called POD. */
export function dockerName(container: string, pod: PodIdentity, attempt: number): string {
  return ['k8s', container, pod.name, pod.namespace, pod.uid, attempt].join('_')
}

/** Docker's labels: ours, the caller's, and the annotations behind a prefix. */
export function dockerLabels(
  node: string,
  type: ContainerType,
  pod: PodIdentity,
  container: string,
  attempt: number,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): Record<string, string> {
  const all: Record<string, string> = { ...labels }
  for (const [key, value] of Object.entries(annotations)) all[annotationPrefix + key] = value
  all[labelNames.podName] = pod.name
  all[labelNames.podNamespace] = pod.namespace
  all[labelNames.podUid] = pod.uid
  all[labelNames.containerName] = container
  all[labelNames.type] = type
  all[labelNames.node] = node
  all[labelNames.attempt] = String(attempt)
  return all
}

/** What our labels say of a container. */
export interface OwnLabels {
  pod: PodIdentity
  container: string
  attempt: number
  type: ContainerType
  sandboxId: string
}

/** undefined when the container is not ours. */
export function readLabels(labels: Readonly<Record<string, string>>): OwnLabels | undefined {
  const uid = labels[labelNames.podUid]
  const container = labels[labelNames.containerName]
  if (!uid || !container || labels[labelNames.node] === undefined) return undefined
  return {
    pod: { uid, name: labels[labelNames.podName] ?? '', namespace: labels[labelNames.podNamespace] ?? '' },
    container,
    attempt: Number(labels[labelNames.attempt] ?? 0),
    type: labels[labelNames.type] === 'podsandbox' ? 'podsandbox' : 'container',
    sandboxId: labels[labelNames.sandboxId] ?? '',
  }
}
