import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { runHook } from '../containers/hooks.ts'
import { containerReference } from '../events.ts'
import type { PodDeps } from './deps.ts'
import { specOf } from './model.ts'

// pkg/kubelet/kuberuntime/kuberuntime_manager.go minimumGracePeriodInSeconds: left after a hook that took all its time
const minimumGraceSeconds = 2

type Running = Readonly<{ id: string; name: string }>

/** What comes before a container is asked to end: it is said, and its preStop hook is called. Rejects only when interrupted. */
export async function prepareToKill(
  deps: PodDeps,
  pod: Pod,
  running: Running,
  graceSeconds: number,
  message: string | undefined,
  podIP: string,
  interrupt: AbortSignal,
): Promise<void> {
  const container = specOf(pod, running.name)
  if (!container) return
  const about = containerReference(pod, container)
  deps.recorder.event(about, 'Normal', 'Killing', message ?? `Stopping container ${running.name}`)
  const hook = container.lifecycle?.preStop
  if (!hook || graceSeconds <= 0) return
  const limit = new AbortController()
  const cancel = deps.clock.timer(graceSeconds * 1000, () => limit.abort())
  try {
    const target = { container, containerId: running.id, podIP }
    await runHook(deps.runtime, deps.clock, hook, target, AbortSignal.any([interrupt, limit.signal]))
  } catch {
    // the hook's failure, or its taking too long, does not keep the container alive
    interrupt.throwIfAborted()
    deps.recorder.event(about, 'Warning', 'FailedPreStopHook', 'PreStopHook failed')
  } finally {
    cancel()
  }
}

/** Ends a running container, once it is `prepared`: stop signal, and SIGKILL when the time is over. */
// pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer
export async function killContainer(
  { clock, runtime }: PodDeps,
  running: Running,
  graceSeconds: number,
  prepared: Promise<void>,
  interrupt: AbortSignal,
): Promise<void> {
  const start = clock.elapsed()
  await prepared
  const left = graceSeconds - (clock.elapsed() - start) / 1000
  await runtime.stopContainer(running.id, Math.max(left, minimumGraceSeconds), interrupt)
}
