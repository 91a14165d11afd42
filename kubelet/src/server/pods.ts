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
