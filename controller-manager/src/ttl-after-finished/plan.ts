import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

/** Milliseconds until the Job is to be deleted, 0 when it is time; undefined where nobody asked for that, or it still runs. */
// pkg/controller/ttlafterfinished/ttlafterfinished_controller.go needsCleanup, timeLeft, jobFinishTime
export const timeLeft = ({ metadata, spec, status }: Job, now: number): number | undefined => {
  if (spec.ttlSecondsAfterFinished === undefined || metadata.deletionTimestamp !== undefined) return undefined
  const end = status?.conditions?.find(
    ({ type, status: holds }) => holds === 'True' && (type === 'Complete' || type === 'Failed'),
  )
  if (!end?.lastTransitionTime) return undefined
  return Math.max(0, parseTime(end.lastTransitionTime) + spec.ttlSecondsAfterFinished * 1000 - now)
}
