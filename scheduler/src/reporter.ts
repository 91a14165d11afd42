import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodCondition } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { PodInfo } from './cache/pod-info.ts'
import type { Reporter } from './scheduler.ts'

/** Tells of a Pod, in the name of the scheduler that `by` asks for: by default itself. */
export type RecordEvent = (about: Pod, type: 'Normal' | 'Warning', reason: string, message: string, by?: Pod) => void

interface ReporterOptions {
  readonly client: Client
  /** Events come from the scheduler that the Pod asks for. */
  readonly record: RecordEvent
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** What is to be written of a Pod's status. */
interface Change {
  readonly info: PodInfo
  readonly condition: PodCondition | undefined
  /** Empty takes the nomination back. */
  readonly nominated: string | undefined
}

/** Status writes at a time; further ones wait, the newest one of each Pod alone. */
const maxWrites = 16

/** Writes events, and for Pods that found no node the PodScheduled condition and where they are to wait. */
// pkg/scheduler/schedule_one.go handleSchedulingFailure, updatePod
export function apiReporter({ client, record, clock, log, signal }: ReporterOptions): Reporter {
  const waiting = new Map<string, Change>()
  const writing = new Set<string>()

  const write = async ({ info, condition, nominated }: Change): Promise<void> => {
    const { name = '', namespace, uid } = info.pod.metadata
    const status = {
      ...(condition ? { conditions: [condition] } : {}),
      ...(nominated === undefined ? {} : { nominatedNodeName: nominated || null }),
    }
    const body = { metadata: { uid }, status }
    try {
      await client.patch(pods, name, body, { type: 'strategic', namespace, subresource: 'status', signal })
    } catch (error) {
      if (isNotFound(error) || signal.aborted) return
      log.warn({ err: error, pod: `${namespace}/${name}` }, 'status not written')
    }
  }
  const next = (): void => {
    for (const [uid, change] of waiting) {
      if (writing.size >= maxWrites || signal.aborted) return
      // one after another for each Pod, or an old word would stay the last
      if (writing.has(uid)) continue
      waiting.delete(uid)
      writing.add(uid)
      void write(change).finally(() => {
        writing.delete(uid)
        next()
      })
    }
  }
  return {
    scheduled({ pod, uid }, node) {
      waiting.delete(uid)
      const { namespace, name } = pod.metadata
      record(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`)
    },
    failed(info, reason, message, node) {
      record(info.pod, 'Warning', 'FailedScheduling', message)
      const known = waiting.get(info.uid)
      const condition = nextCondition(info, reason, message, formatTime(clock.now())) ?? known?.condition
      const isNew = node !== undefined && node !== (info.pod.status?.nominatedNodeName ?? '')
      const nominated = isNew ? node : known?.nominated
      if (condition || nominated !== undefined) waiting.set(info.uid, { info, condition, nominated })
      next()
    },
    expected(info, nominated) {
      waiting.set(info.uid, { info, condition: waiting.get(info.uid)?.condition, nominated })
      next()
    },
    skipped({ pod }) {
      const { namespace, name } = pod.metadata
      record(pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${namespace}/${name}`)
    },
  }
}

/** The condition to write; undefined when the Pod already says the same. */
function nextCondition({ pod }: PodInfo, reason: string, message: string, now: string): PodCondition | undefined {
  const { generation } = pod.metadata
  const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (old?.status === 'False' && old.reason === reason && old.message === message) return undefined
  return {
    type: 'PodScheduled',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status: 'False',
    lastTransitionTime: old?.status === 'False' ? (old.lastTransitionTime ?? now) : now,
    reason,
    message,
  }
}
