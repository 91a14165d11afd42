import type { Pod, PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import { backOffEvents } from './back-off-events.ts'
import type { PodDeps } from './deps.ts'
import { shared, type PodFailure, type PodRuntimeState, type StartFailures } from './model.ts'
import type { PodResizer } from './resizer.ts'
import { podStatus, rejectedStatus } from './status.ts'
import type { Waiting } from './sync.ts'

/** What there is to tell of a Pod. */
export interface News {
  pod: Pod
  state: PodRuntimeState
  /** When it was looked at. */
  now: number
  /** Containers that wait, by name. */
  waiting: ReadonlyMap<string, Waiting>
  /** Nothing of it runs or will run again. */
  ended: boolean
  /** Why the node does not take it. */
  rejected: Waiting | undefined
  /** Why the kubelet ended it, which has failed then. */
  failed: PodFailure | undefined
}

/** Tells how one Pod is: by its status, and by events about containers that wait. */
export class PodReports {
  readonly #deps: PodDeps
  readonly #resizer: PodResizer
  readonly #failures: StartFailures
  readonly #report: (pod: Pod, status: PodStatus) => void
  readonly #seenAt: number
  #status: PodStatus | undefined
  #waiting: News['waiting'] = new Map()

  constructor(
    deps: PodDeps,
    resizer: PodResizer,
    failures: StartFailures,
    report: (pod: Pod, status: PodStatus) => void,
  ) {
    this.#deps = deps
    this.#resizer = resizer
    this.#failures = failures
    this.#report = report
    this.#seenAt = deps.clock.elapsed()
  }

  /** The status as it was last told; undefined when none was. */
  get status(): PodStatus | undefined {
    return this.#status
  }

  /** The Pod with the status as it was last told, which the API server may not have sent back yet. */
  fresh(pod: Pod): Pod {
    if (!this.#status) return pod
    const own = new Set(this.#status.conditions?.map((one) => one.type))
    const others = (pod.status?.conditions ?? []).filter((one) => !own.has(one.type))
    const conditions = [...(this.#status.conditions ?? []), ...others]
    return { ...pod, status: { ...pod.status, ...this.#status, conditions } }
  }

  /** Tells by events which containers have begun to wait. */
  announce(pod: Pod, waiting: News['waiting']): void {
    for (const { about, type, reason, message } of backOffEvents(pod, this.#waiting, waiting)) {
      this.#deps.recorder.event(about, type, reason, message)
    }
    this.#waiting = waiting
  }

  /** Tells the status. */
  tell({ pod, state, now, waiting, ended, rejected, failed }: News): void {
    const { clock, probes, node, metrics } = this.#deps
    const { actuated, actuatedPod } = this.#resizer.actuated
    const error = this.#failures.get(shared.resize)?.message
    const before = (this.#status ?? pod.status)?.phase
    this.#status =
      rejected && state.containers.length === 0
        ? rejectedStatus(pod, rejected, now)
        : podStatus({
            pod,
            state,
            now,
            waiting,
            ended,
            failed,
            probes: (id, kind) => probes.result(id, kind),
            hostIPs: node.ips,
            actuated,
            actuatedPod,
            resize: { pending: this.#resizer.pending, inProgress: this.#resizer.inProgress && { error } },
          })
    if (this.#status.phase === 'Running' && before !== 'Running') {
      metrics.began((clock.elapsed() - this.#seenAt) / 1000)
    }
    this.#report(pod, this.#status)
  }
}
