// What dead containers and sandboxes may go: pure. pkg/kubelet/kuberuntime/kuberuntime_gc.go
import type { Container, PodSandbox, RuntimeService } from '../runtime/types.ts'

export interface ContainerGcPolicy {
  /** Younger ones stay. */
  minAgeMs: number
  /** So many dead instances stay of each container; all when it is negative. */
  maxPerContainer: number
  /** So many dead ones stay at all; all when it is negative. */
  maxContainers: number
}

type Aged = Pick<Container, 'attempt' | 'createdAt'>

const newestFirst = (a: Aged, b: Aged): number => b.attempt - a.attempt || b.createdAt - a.createdAt

/** The dead containers that go; of Pods that `nothingOf` names all. */
// evictContainers
export function deadContainers(
  containers: readonly Container[],
  policy: ContainerGcPolicy,
  now: number,
  nothingOf: (podUid: string) => boolean,
): Container[] {
  const { minAgeMs, maxPerContainer, maxContainers } = policy
  const dead = containers.filter((one) => one.state !== 'CONTAINER_RUNNING' && one.createdAt <= now - minAgeMs)
  let kept = dead.filter((one) => !nothingOf(one.pod.uid))
  if (maxPerContainer >= 0) kept = newestOfEach(kept, maxPerContainer)
  if (maxContainers >= 0 && kept.length > maxContainers) {
    kept = newestOfEach(kept, Math.max(1, Math.floor(maxContainers / byContainer(kept).size)))
    kept = kept.toSorted(newestFirst).slice(0, maxContainers)
  }
  const stay = new Set(kept)
  return dead.filter((one) => !stay.has(one))
}

/** The sandboxes that go: they do not run and hold no container, and their Pod has a newer one, or needs none. */
// evictSandboxes
export function deadSandboxes(
  sandboxes: readonly PodSandbox[],
  containers: readonly Container[],
  nothingOf: (podUid: string) => boolean,
): PodSandbox[] {
  const inhabited = new Set(containers.map(({ sandboxId }) => sandboxId))
  const newest = new Map<string, PodSandbox>()
  for (const one of sandboxes.toSorted(newestFirst)) if (!newest.has(one.pod.uid)) newest.set(one.pod.uid, one)
  return sandboxes.filter(
    (one) =>
      one.state !== 'SANDBOX_READY' &&
      !inhabited.has(one.id) &&
      (nothingOf(one.pod.uid) || newest.get(one.pod.uid) !== one),
  )
}

function byContainer(all: readonly Container[]): Map<string, Container[]> {
  return Map.groupBy(all, ({ pod, name }) => `${pod.uid}/${name}`)
}

function newestOfEach(all: readonly Container[], count: number): Container[] {
  return [...byContainer(all).values()].flatMap((some) => some.toSorted(newestFirst).slice(0, count))
}

/** Removes what is dead of this node's Pods. Throws after all when something could not be removed. */
export async function collectContainers(
  runtime: RuntimeService,
  policy: ContainerGcPolicy,
  now: number,
  nothingOf: (podUid: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const containers = await runtime.listContainers({}, signal)
  const errors: unknown[] = []
  const attempt = (work: Promise<void>): Promise<void> => work.catch((error: unknown) => void errors.push(error))
  const gone = deadContainers(containers, policy, now, nothingOf)
  for (const { id } of gone) await attempt(runtime.removeContainer(id, signal))
  const left = containers.filter((one) => !gone.includes(one))
  const sandboxes = await runtime.listPodSandbox({}, signal)
  for (const { id } of deadSandboxes(sandboxes, left, nothingOf)) await attempt(runtime.removePodSandbox(id, signal))
  signal.throwIfAborted()
  if (errors.length > 0)
    throw new Error(errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', '))
}
