import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobs, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Job, JobSpec } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'jobs'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const create = async (name: string, spec: Partial<JobSpec> = {}): Promise<Job> =>
  manager.client.create(
    jobs,
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...spec },
    },
    { namespace },
  )

const podsOf = async (name: string): Promise<Pod[]> =>
  (await manager.client.list(pods, { namespace, labelSelector: `job-name=${name}` })).items

/** Ends a Pod as a kubelet would. */
const end = async (pod: Pod, exitCode: number, finishedAt = '2026-01-01T00:00:00Z'): Promise<void> => {
  const status = {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [
      {
        name: 'c',
        ready: false,
        restartCount: 0,
        image: 'i',
        imageID: 'i',
        state: { terminated: { exitCode, finishedAt } },
      },
    ],
  }
  const options = { type: 'strategic', namespace, subresource: 'status' } as const
  await manager.client.patch(pods, pod.metadata.name ?? '', { status }, options)
}

const awaitPods = (name: string, count: number): Promise<Pod[]> =>
  waitFor(async () => {
    const found = (await podsOf(name)).filter(({ status }) => status?.phase === 'Pending')
    return found.length === count ? found : undefined
  })

const awaitJob = (name: string, test: (job: Job) => boolean): Promise<Job> =>
  waitFor(async () => {
    const job = await manager.client.get(jobs, name, { namespace })
    return test(job) ? job : undefined
  })

const holds = (job: Job, type: string): boolean =>
  (job.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')

const indexOf = ({ metadata }: Pod): string | undefined =>
  metadata.annotations?.['batch.kubernetes.io/job-completion-index']

describe('the Job controller', () => {
  it('runs Pods until enough have succeeded, and keeps none of them back', async () => {
    await create('plain', { completions: 3, parallelism: 2 })
    for (const pod of await awaitPods('plain', 2)) await end(pod, 0)
    for (const pod of await awaitPods('plain', 1)) await end(pod, 0)
    const { status } = await awaitJob('plain', (job) => holds(job, 'Complete'))
    expect(status).toMatchObject({ succeeded: 3, ready: 0, terminating: 0, uncountedTerminatedPods: {} })
    expect(status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ['SuccessCriteriaMet', 'CompletionsReached'],
      ['Complete', 'CompletionsReached'],
    ])
    for (const { metadata } of await podsOf('plain')) expect(metadata.finalizers).toBeUndefined()
  })

  it('fails after too many failures and stops what runs', async () => {
    await create('failing', { completions: 2, parallelism: 2, backoffLimit: 0 })
    const [first] = await awaitPods('failing', 2)
    if (first) await end(first, 1)
    const { status } = await awaitJob('failing', (job) => holds(job, 'Failed'))
    expect(status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ['FailureTarget', 'BackoffLimitExceeded'],
      ['Failed', 'BackoffLimitExceeded'],
    ])
    expect(status?.failed).toBe(2)
    expect((await podsOf('failing')).map(({ metadata }) => metadata.name)).toEqual([first?.metadata.name])
  })

  it('says how many run while it waits after a failure', async () => {
    await create('waiting', { completions: 2, parallelism: 2 })
    const [first] = await awaitPods('waiting', 2)
    if (first) await end(first, 1, '2199-01-01T00:00:00Z')
    const { status } = await awaitJob('waiting', (job) => job.status?.failed === 1)
    expect(status).toMatchObject({ active: 1, ready: 0, terminating: 0 })
    expect(await podsOf('waiting')).toHaveLength(2)
  })

  it('gives indexes, and lets each fail by itself', async () => {
    const policy = { completionMode: 'Indexed', backoffLimitPerIndex: 0 }
    await create('indexed', { completions: 3, parallelism: 3, ...policy })
    const all = await awaitPods('indexed', 3)
    expect(all.map(indexOf).sort()).toEqual(['0', '1', '2'])
    for (const { metadata, spec } of all) {
      expect(metadata.name).toMatch(
        new RegExp(`^indexed-${metadata.labels?.['batch.kubernetes.io/job-completion-index']}-`),
      )
      expect(spec.hostname).toBe(`indexed-${metadata.labels?.['batch.kubernetes.io/job-completion-index']}`)
    }
    for (const pod of all) await end(pod, indexOf(pod) === '1' ? 1 : 0)
    const { status } = await awaitJob('indexed', (job) => holds(job, 'Failed'))
    expect(status).toMatchObject({ succeeded: 2, failed: 1, completedIndexes: '0,2', failedIndexes: '1' })
  })

  it('rests while suspended', async () => {
    await create('resting', { completions: 1, suspend: true })
    await awaitJob('resting', (job) => holds(job, 'Suspended'))
    expect(await podsOf('resting')).toEqual([])
    await manager.client.patch(jobs, 'resting', { spec: { suspend: false } }, { type: 'merge', namespace })
    for (const pod of await awaitPods('resting', 1)) await end(pod, 0)
    await awaitJob('resting', (job) => holds(job, 'Complete'))
  })

  it('may be sent elsewhere when it rests again', async () => {
    const job = await create('moving', { completions: 1 })
    const change = (spec: object): Promise<Job> =>
      manager.client.patch(jobs, 'moving', { spec }, { type: 'merge', namespace })
    const elsewhere = { template: { spec: { nodeSelector: { zone: 'b' } } } }
    const [first] = await awaitPods('moving', 1)
    await expect(change(elsewhere)).rejects.toThrow(/field is immutable/)
    await change({ suspend: true })
    const resting = await awaitJob('moving', ({ status }) => status?.conditions?.[0]?.status === 'True')
    expect(resting.status?.startTime).toBeUndefined()
    await change(elsewhere)
    await change({ suspend: false })
    const [second] = await awaitPods('moving', 1)
    expect([first?.spec.nodeSelector, second?.spec.nodeSelector]).toEqual([undefined, { zone: 'b' }])
    const { status } = await awaitJob('moving', (one) => one.status?.startTime !== undefined)
    expect(status?.conditions).toMatchObject([{ type: 'Suspended', status: 'False', reason: 'JobResumed' }])
    expect(job.spec.template.spec.nodeSelector).toBeUndefined()
  })

  it('leaves alone what another controller manages', async () => {
    await create('foreign', { managedBy: 'example.com/queue' })
    await create('after', {})
    await awaitPods('after', 1)
    const foreign = await manager.client.get(jobs, 'foreign', { namespace })
    expect([await podsOf('foreign'), foreign.status ?? {}]).toEqual([[], {}])
  })

  it('ends early by its success policy', async () => {
    const successPolicy = { rules: [{ succeededIndexes: '0' }] }
    await create('early', { completionMode: 'Indexed', completions: 2, parallelism: 2, successPolicy })
    for (const pod of await awaitPods('early', 2)) if (indexOf(pod) === '0') await end(pod, 0)
    const { status } = await awaitJob('early', (job) => holds(job, 'Complete'))
    expect(status).toMatchObject({ succeeded: 1, completedIndexes: '0' })
    expect(status?.conditions?.[0]).toMatchObject({ type: 'SuccessCriteriaMet', message: 'Matched rules at index 0' })
  })

  it('takes over a Pod that lost its owner, and lets go of one it no longer selects', async () => {
    await create('owner', { completions: 1 })
    const [pod] = await awaitPods('owner', 1)
    const name = pod?.metadata.name ?? ''
    const patch = { metadata: { ownerReferences: null, finalizers: null } }
    await manager.client.patch(pods, name, patch, { type: 'merge', namespace })
    const owned = await waitFor(async () => {
      const { metadata } = await manager.client.get(pods, name, { namespace })
      return metadata.ownerReferences?.length === 1 ? metadata : undefined
    })
    expect(owned.finalizers).toEqual(['batch.kubernetes.io/job-tracking'])
    await manager.client.patch(pods, name, { metadata: { labels: null } }, { type: 'merge', namespace })
    await waitFor(async () => {
      const { metadata } = await manager.client.get(pods, name, { namespace })
      return metadata.ownerReferences === undefined && metadata.finalizers === undefined
    })
  })

  it('leaves nothing behind when it is deleted', async () => {
    await create('going', { completions: 2, parallelism: 2 })
    await awaitPods('going', 2)
    await manager.client.delete(jobs, 'going', { namespace, propagationPolicy: 'Foreground' })
    await waitFor(async () => (await podsOf('going')).length === 0)
    const isGone = (): Promise<boolean> =>
      manager.client.get(jobs, 'going', { namespace }).then(
        () => false,
        (error: unknown) => isNotFound(error),
      )
    await waitFor(isGone)
  })
})
