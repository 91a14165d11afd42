import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Container, PodSandbox, RuntimeService } from '../runtime/types.ts'

/** The Pods that this kubelet runs, as the server needs them. */
export interface PodLookup {
  get(namespace: string, name: string): Pod | undefined
  list(): Pod[]
}

/** A request that cannot be answered: HTTP status and the text the client sees. */
export class ServerError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** @throws ServerError 404 when no such Pod runs here. */
export function findPod(pods: PodLookup, namespace: string, name: string): Pod {
  const pod = pods.get(namespace, name)
  if (pod === undefined) throw new ServerError(404, `pod "${name}" does not exist`)
  return pod
}

/** The running container of a Pod with that name. @throws ServerError 404. pkg/kubelet/kubelet_pods.go findContainer */
export async function runningContainer(
  runtime: RuntimeService,
  pod: Pod,
  name: string,
  signal: AbortSignal,
): Promise<Container> {
  const all = await runtime.listContainers({ podUid: pod.metadata.uid ?? '' }, signal)
  const found = all.find((one) => one.name === name && one.state === 'CONTAINER_RUNNING')
  if (found === undefined) throw new ServerError(404, `container not found ("${name}")`)
  return found
}

/** The Pod's newest sandbox. @throws ServerError 404. */
export async function newestSandbox(runtime: RuntimeService, pod: Pod, signal: AbortSignal): Promise<PodSandbox> {
  const all = await runtime.listPodSandbox({ podUid: pod.metadata.uid ?? '' }, signal)
  const newest = all.toSorted((a, b) => b.createdAt - a.createdAt)[0]
  if (newest === undefined) throw new ServerError(404, `pod not found ("${pod.metadata.name ?? ''}")`)
  return newest
}

/** A Pod in a list, which says once for all what they are. */
type Item = Omit<Pod, 'apiVersion' | 'kind'>

/** Pods as a list of the API. */
export function podList(items: readonly Item[]): object {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
}

/**
 * The Pods of which something runs, as the runtime has them: names and images, no more.
 * pkg/kubelet/server/server.go getRunningPods, pkg/kubelet/container/runtime.go ToAPIPod
 */
export async function runningPods(runtime: RuntimeService, signal: AbortSignal): Promise<Item[]> {
  const [sandboxes, containers] = await Promise.all([
    runtime.listPodSandbox({}, signal),
    runtime.listContainers({}, signal),
  ])
  const pods = new Map<string, Item>()
  const podOf = ({ uid, name, namespace }: PodSandbox['pod']): Item => {
    const pod: Item = pods.get(uid) ?? { metadata: { name, namespace, uid }, spec: { containers: [] }, status: {} }
    pods.set(uid, pod)
    return pod
  }
  for (const sandbox of sandboxes) if (sandbox.state === 'SANDBOX_READY') podOf(sandbox.pod)
  for (const { pod, name, image, state } of containers) {
    if (state === 'CONTAINER_RUNNING') podOf(pod).spec.containers.push({ name, image, resources: {} })
  }
  return [...pods.values()]
}
