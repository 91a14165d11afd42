import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { runHook } from '../containers/hooks.ts'
import { containerReference } from '../events.ts'
import type { PodDeps } from './deps.ts'

// pkg/kubelet/kuberuntime/kuberuntime_manager.go minimumGracePeriodInSeconds: left after a hook that took all its time
const minimumGraceSeconds = 2

/** Ends a running container: preStop hook, stop signal, and SIGKILL when the time is over. */
// pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer
export async function killContainer(
  deps: PodDeps,
  pod: Pod,
  running: { id: string; name: string },
  graceSeconds: number,
  message: string | undefined,
  podIP: string,
  interrupt: AbortSignal,
): Promise<void> {
  const { spec } = pod
  const all = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  const container = all.find((one) => one.name === running.name)
  let left = graceSeconds
  if (container) {
    const about = containerReference(pod, container)
    deps.recorder.event(about, 'Normal', 'Killing', message ?? `Stopping container ${running.name}`)
    const hook = container.lifecycle?.preStop
    if (hook && graceSeconds > 0) {
      const start = deps.clock.now()
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
      left -= (deps.clock.now() - start) / 1000
    }
  }
  await deps.runtime.stopContainer(running.id, Math.max(left, minimumGraceSeconds), interrupt)
}
