import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cronJobs, jobs, pods } from '@kubets/shared/api/resources.gen.ts'
import type { CronJob, Job } from '@kubets/shared/api/types/batch-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'cron'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const jobsOf = async (name: string): Promise<Job[]> =>
  (await manager.client.list(jobs, { namespace })).items.filter(
    ({ metadata }) => metadata.ownerReferences?.[0]?.name === name,
  )
const read = (name: string): Promise<CronJob> => manager.client.get(cronJobs, name, { namespace })
const create = (name: string, job: object = {}): Promise<CronJob> => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
  const spec = { schedule: '@every 1s', jobTemplate: { spec: { template, ...job } } }
  const made = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name }, spec }
  return manager.client.create(cronJobs, made, { namespace })
}

describe('the CronJob controller', () => {
  it('starts Jobs when they are due, and tells how they end', async () => {
    await create('tick')
    const [job] = await waitFor(async () => {
      const found = await jobsOf('tick')
      return found.length > 0 ? found : undefined
    })
    const started = await waitFor(async () => {
      const { status } = await read('tick')
      return status?.active?.some(({ uid }) => uid === job?.metadata.uid) ? status : undefined
    })
    expect(started.lastScheduleTime).toMatch(/^\d{4}-/)
    // one is enough
    await manager.client.patch(cronJobs, 'tick', { spec: { suspend: true } }, { type: 'merge', namespace })
    await waitFor(async () => {
      // a second Job may have begun in the moment before
      for (const { metadata, status } of (await manager.client.list(pods, { namespace })).items) {
        const ended = { status: { phase: 'Succeeded' } }
        const options = { type: 'strategic', namespace, subresource: 'status' } as const
        if (status?.phase !== 'Succeeded') await manager.client.patch(pods, metadata.name ?? '', ended, options)
      }
      const { status } = await read('tick')
      return status?.active === undefined && status?.lastSuccessfulTime !== undefined
    })
  })

  it('lets Jobs go when their time after the end is over', async () => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'brief' } }
    await manager.client.create(
      jobs,
      { ...job, spec: { ttlSecondsAfterFinished: 0, activeDeadlineSeconds: 1, template } },
      { namespace },
    )
    const isGone = (): Promise<boolean> =>
      manager.client.get(jobs, 'brief', { namespace }).then(
        () => false,
        (error: unknown) => isNotFound(error),
      )
    await waitFor(isGone)
  })
})
