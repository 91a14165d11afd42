import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { shell } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface CronJob extends ApiObject {
  readonly status: { readonly active?: readonly { readonly name: string }[] }
}

interface Job extends ApiObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

// two schedules may have to come, a minute apart, on a machine with much to do
const limitMs = 220_000

/** CronJobs whose Jobs outlast the minute between two schedules. */
describe.concurrent('a CronJob', () => {
  let ns: Namespace
  let api: Api
  beforeAll(async () => {
    ns = await makeNamespace('cronjobs')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const path = (name = ''): string => `/apis/batch/v1/namespaces/${ns.name}/cronjobs/${name}`
  const get = (name: string): Promise<CronJob> => api.call<CronJob>('GET', path(name))
  const make = (name: string, spec: object): Promise<CronJob> =>
    api.call('POST', path(), {
      metadata: { name },
      spec: {
        schedule: '*/1 * * * ?',
        ...spec,
        jobTemplate: {
          spec: {
            parallelism: 1,
            completions: 1,
            backoffLimit: 1,
            template: {
              spec: {
                restartPolicy: 'OnFailure',
                terminationGracePeriodSeconds: 1,
                containers: [{ name: 'c', ...shell('sleep 300') }],
              },
            },
          },
        },
      },
    })
  const remove = async (name: string): Promise<void> => {
    await api.call('DELETE', path(name), { propagationPolicy: 'Background' })
    await until('its Jobs to go', async () => ((await jobs(name)).length === 0 ? true : undefined), 150_000)
  }
  const jobs = async (name: string): Promise<Job[]> => {
    const { items } = await api.call<{ items: Job[] }>('GET', `/apis/batch/v1/namespaces/${ns.name}/jobs`)
    return items.filter(({ metadata }) =>
      metadata.ownerReferences?.some((one) => one.kind === 'CronJob' && one.name === name),
    )
  }
  /** The Jobs that have not ended and are not being deleted. */
  const alive = async (name: string): Promise<string[]> =>
    (await jobs(name))
      .filter(({ metadata, status }) => {
        const ended = status.conditions?.some((one) => ['Complete', 'Failed'].includes(one.type))
        return ended !== true && metadata.deletionTimestamp === undefined
      })
      .map(({ metadata }) => metadata.name)
  const active = (name: string, wanted: number): Promise<CronJob> =>
    until(
      `${String(wanted)} active Jobs of ${name}`,
      async () => {
        const cronJob = await get(name)
        return (cronJob.status.active?.length ?? 0) >= wanted ? cronJob : undefined
      },
      limitMs,
    )
  /** Waits for the first Job, which is the only one. */
  const single = async (name: string): Promise<string> => {
    const { status } = await active(name, 1)
    expect(status.active).toHaveLength(1)
    const names = await alive(name)
    expect(names).toEqual(status.active?.map((one) => one.name))
    return names[0] ?? ''
  }

  it(`runs several Jobs at a time${covers('CronJob AllowConcurrent')}`, async () => {
    await make('concurrent', { concurrencyPolicy: 'Allow' })
    await active('concurrent', 2)
    expect((await alive('concurrent')).length).toBeGreaterThanOrEqual(2)
    await remove('concurrent')
  })

  it(`runs no Jobs while it is suspended${covers('CronJob Suspend')}`, async () => {
    await make('suspended', { concurrencyPolicy: 'Allow', suspend: true })
    // what another does at the same schedules this one would have done too
    await make('beside-suspended', { concurrencyPolicy: 'Allow' })
    await active('beside-suspended', 2)
    expect((await get('suspended')).status.active ?? []).toEqual([])
    expect(await jobs('suspended')).toEqual([])
    await api.call('DELETE', path('suspended'))
    await remove('beside-suspended')
  })

  it(`runs no Job beside one that has not ended, if it must not${covers('CronJob ForbidConcurrent')}`, async () => {
    await make('forbid', { concurrencyPolicy: 'Forbid' })
    const first = await single('forbid')
    await until(
      'a schedule that is passed over',
      async () => {
        expect((await get('forbid')).status.active).toHaveLength(1)
        const { items } = await api.call<{ items: { reason: string }[] }>(
          'GET',
          `/api/v1/namespaces/${ns.name}/events?fieldSelector=involvedObject.name%3Dforbid`,
        )
        return items.some(({ reason }) => reason === 'JobAlreadyActive') ? true : undefined
      },
      limitMs,
    )
    expect((await get('forbid')).status.active).toHaveLength(1)
    expect((await jobs('forbid')).map(({ metadata }) => metadata.name)).toEqual([first])
    await remove('forbid')
  })

  it(`replaces a Job that has not ended, if it is to${covers('CronJob ReplaceConcurrent')}`, async () => {
    await make('replace', { concurrencyPolicy: 'Replace' })
    const first = await single('replace')
    const second = await until(
      'another Job',
      async () => {
        const names = await alive('replace')
        if (names.length > 1) return names
        return names.length === 1 && names[0] !== first ? names : undefined
      },
      limitMs,
    )
    expect(second).toHaveLength(1)
    expect(second).not.toContain(first)
    await remove('replace')
  })
})
