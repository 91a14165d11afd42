import type { Job, JobSpec, JobStatus } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { noBackoff } from './failures.ts'
import { plan } from './plan.ts'
import type { JobPlan, JobSeen } from './plan.ts'
import { trackingFinalizer } from './pods.ts'

export const now = Date.parse('2026-01-01T01:00:00Z')
export const minuteAgo = '2026-01-01T00:59:00Z'

export const job = (spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'n', uid: 'job' },
  spec: {
    parallelism: 1,
    backoffLimit: 6,
    template: { spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' } },
    ...spec,
  },
  status,
})

interface Shape {
  phase?: string
  index?: number
  exitCode?: number
  going?: boolean
  untracked?: boolean
  failures?: number
  endedAt?: string
}

/** A Pod of the Job's, running unless told otherwise. */
export const pod = (
  name: string,
  { phase = 'Running', index, exitCode, going, untracked, failures, endedAt }: Shape = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'n',
    uid: name,
    ...(untracked ? {} : { finalizers: [trackingFinalizer] }),
    ...(going ? { deletionTimestamp: minuteAgo } : {}),
    annotations: {
      ...(index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }),
      ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(failures) }),
    },
  },
  spec: { containers: [{ name: 'c' }] },
  status: {
    phase,
    ...(exitCode === undefined
      ? {}
      : {
          containerStatuses: [
            {
              name: 'c',
              ready: false,
              restartCount: 0,
              image: '',
              imageID: '',
              state: { terminated: { exitCode, finishedAt: endedAt ?? minuteAgo } },
            },
          ],
        }),
  },
})
export const failed = (name: string, shape: Shape = {}): Pod => pod(name, { phase: 'Failed', exitCode: 1, ...shape })
export const succeeded = (name: string, shape: Shape = {}): Pod =>
  pod(name, { phase: 'Succeeded', exitCode: 0, ...shape })

/** The plan for a Job, with a cache that is not behind and no failures before these Pods. */
export const see = (of: Job, pods: Pod[], rest: Partial<JobSeen> = {}): JobPlan =>
  plan({ job: of, pods, released: new Set(), current: true, backoff: noBackoff, ...rest }, now)

export const indexed = { completionMode: 'Indexed' }
