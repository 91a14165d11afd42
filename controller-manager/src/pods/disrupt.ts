import { pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

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

/** Writes into a Pod's status why it goes, then deletes it. A Pod already gone is no error. */
// pkg/controller/tainteviction/taint_eviction.go addConditionAndDeletePod; podgc/gc_controller.go markFailedAndDeletePod
export const disrupt = async (client: Client, pod: Pod, disruption: Disruption): Promise<void> => {
  const { because, phase, gracePeriodSeconds, now, signal } = disruption
  const { name = '', namespace, uid, generation: observedGeneration } = pod.metadata
  const lastTransitionTime = formatTime(now)
  const target = { type: 'DisruptionTarget', status: 'True', observedGeneration, lastTransitionTime, ...because }
  const status = { ...(phase ? { phase } : {}), ...(because ? { conditions: [target] } : {}) }
  try {
    if (because ?? phase)
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
