import { getCondition } from '@kubets/shared/api/pod.ts'
import { pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodCondition } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

const type = 'DisruptionTarget'

interface Disruption {
  /** Why, for the Pod's DisruptionTarget condition; without it the condition is left alone. */
  because?: { reason: string; message: string }
  /** The phase to set, for Pods whose kubelet will not. */
  phase?: 'Failed'
  /** 0 deletes at once; the Pod's own period when not given. */
  gracePeriodSeconds?: 0
  now: number
  signal: AbortSignal
}

/** What to write into the status of a Pod that goes; undefined where it says so already. */
// pkg/api/v1/pod/util.go UpdatePodCondition, pkg/api/pod/util.go CalculatePodStatusObservedGeneration
export const statusOfDisrupted = (
  pod: Pod,
  { because, phase, now }: Pick<Disruption, 'because' | 'phase' | 'now'>,
): object | undefined => {
  const observedGeneration = pod.metadata.generation
  const old = getCondition(pod.status?.conditions, type)
  const isSame = old?.status === 'True' && old.reason === because?.reason && old.message === because?.message
  const lastTransitionTime = old?.status === 'True' ? old.lastTransitionTime : formatTime(now)
  const target: Partial<PodCondition> = { type, status: 'True', observedGeneration, lastTransitionTime, ...because }
  const conditions = because && !isSame ? [target] : undefined
  if (!phase && !conditions) return undefined
  return { ...(phase ? { phase, observedGeneration } : {}), ...(conditions ? { conditions } : {}) }
}

/** Writes into a Pod's status why it goes, then deletes it. A Pod already gone is no error. */
// pkg/controller/tainteviction/taint_eviction.go addConditionAndDeletePod; podgc/gc_controller.go markFailedAndDeletePod
export const disrupt = async (client: Client, pod: Pod, disruption: Disruption): Promise<void> => {
  const { gracePeriodSeconds, signal } = disruption
  const { name = '', namespace, uid } = pod.metadata
  const status = statusOfDisrupted(pod, disruption)
  try {
    if (status)
      await client.patch(
        podsRef,
        name,
        { metadata: { uid }, status },
        { type: 'strategic', subresource: 'status', namespace, signal },
      )
    await client.delete(podsRef, name, { namespace, gracePeriodSeconds, preconditions: { uid }, signal })
  } catch (error) {
    // A conflict means another Pod of the same name: the one meant is gone.
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}
