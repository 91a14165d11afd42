import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, shell, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface Job extends ApiObject {
  readonly status: {
    readonly active?: number
    readonly ready?: number
    readonly terminating?: number
    readonly succeeded?: number
    readonly failed?: number
    readonly completedIndexes?: string
    readonly failedIndexes?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[]
  }
}

interface JobPod extends Pod {
  readonly metadata: Pod['metadata'] & { readonly annotations?: Record<string, string> }
  readonly spec: Pod['spec'] & { readonly hostname?: string }
}

const index = 'batch.kubernetes.io/job-completion-index'
// test/e2e/framework/job/fixtures.go NewTestJob
const scripts = {
  succeed: 'exit 0',
  tellIndex: 'echo $JOB_COMPLETION_INDEX',
  fail: 'exit 1',
  failFirst: 'test $JOB_COMPLETION_INDEX != 0',
  notTerminate: 'sleep 1000',
  notTerminateBefore: 'test -e /marker/there || sleep 1000',
  failOddSucceedEven: 'exit $((JOB_COMPLETION_INDEX % 2))',
  onlyFirst: 'test $JOB_COMPLETION_INDEX = 0 || sleep 1000',
  // what is in the volume outlives a container
  failOnce: 'test -e /data/failed && exit 0; touch /data/failed; exit 1',
} as const

describe.concurrent('a Job', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `job${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('jobs')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const path = (name = ''): string => `/apis/batch/v1/namespaces/${ns.name}/jobs/${name}`
  const make = (name: string, script: keyof typeof scripts, spec: object, pod: object = {}): Promise<Job> =>
    api.call('POST', path(), {
      metadata: { name },
      spec: {
        parallelism: 2,
        completions: 4,
        ...spec,
        template: {
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 1,
            volumes: [{ name: 'data', emptyDir: {} }],
            containers: [
              { name: 'c', ...shell(scripts[script]), volumeMounts: [{ name: 'data', mountPath: '/data' }] },
            ],
            ...pod,
          },
        },
      },
    })
  const indexed = { completionMode: 'Indexed' }
  const conditions = ({ status }: Job): Record<string, string | undefined> =>
    Object.fromEntries(
      (status.conditions ?? []).filter((one) => one.status === 'True').map((one) => [one.type, one.reason]),
    )
  /** Waits for the condition and tells what the Job is then. */
  const jobUntil = (name: string, condition: string): Promise<Job> =>
    until(
      `Job ${name} to be ${condition}`,
      async () => {
        const job = await api.call<Job>('GET', path(name))
        if (condition in conditions(job)) return job
        throw new Error(JSON.stringify(job.status))
      },
      200_000,
    )
  const pods = async (name: string): Promise<JobPod[]> =>
    await ns.list<JobPod>('pods', `batch.kubernetes.io/job-name=${name}`)
  const running = (name: string, wanted: number): Promise<JobPod[]> =>
    until(
      `${String(wanted)} running Pods of ${name}`,
      async () => {
        const all = await pods(name)
        return all.length === wanted && all.every((pod) => pod.status.phase === 'Running') ? all : undefined
      },
      150_000,
    )

  it(`gives each Pod an index${covers('Ensure Pods of an Indexed Job get a unique index.')}`, async () => {
    const name = next()
    await make(name, 'tellIndex', indexed)
    const job = await jobUntil(name, 'Complete')
    expect(conditions(job)).toEqual({ SuccessCriteriaMet: 'CompletionsReached', Complete: 'CompletionsReached' })
    expect(job.status).toMatchObject({ succeeded: 4, completedIndexes: '0-3' })
    const succeeded = (await pods(name)).filter((pod) => pod.status.phase === 'Succeeded')
    expect(succeeded.map((pod) => pod.metadata.annotations?.[index]).sort()).toEqual(['0', '1', '2', '3'])
    for (const pod of succeeded) {
      expect(pod.metadata.labels?.[index]).toBe(pod.metadata.annotations?.[index])
      expect(pod.spec.hostname).toBe(`${name}-${pod.metadata.annotations?.[index] ?? ''}`)
      expect((await ns.kubectl(['logs', pod.metadata.name])).trim()).toBe(pod.metadata.annotations?.[index])
    }
  })

  it(`restarts what fails where it is${covers('Jobs, completion after task failure')}`, async () => {
    const name = next()
    await make(name, 'failOnce', {}, { restartPolicy: 'OnFailure' })
    const job = await jobUntil(name, 'Complete')
    expect(conditions(job)['Complete']).toBe('CompletionsReached')
    expect(job.status.succeeded).toBe(4)
    const ended = await pods(name)
    expect(ended).toHaveLength(4)
    for (const { status } of ended) expect(status.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0)
  })

  it(`takes its Pods with it${covers('Jobs, active pods, graceful termination')}`, async () => {
    const name = next()
    await make(name, 'notTerminate', {})
    await running(name, 2)
    await until('both to be told of', async () =>
      (await api.call<Job>('GET', path(name))).status.active === 2 ? true : undefined,
    )
    await ns.kubectl(['delete', 'job', name, '--timeout=170s'], { timeoutMs: 180_000 })
    expect((await api.send('GET', path(name))).code).toBe(404)
    await until('its Pods to be gone', async () => ((await pods(name)).length === 0 ? true : undefined), 150_000)
  })

  it(`takes over Pods and lets go of them${covers('Jobs, orphan pods, re-adoption')}`, async () => {
    const name = next()
    const { metadata } = await make(name, 'notTerminate', {})
    const [pod] = await running(name, 2)
    const podName = pod?.metadata.name ?? ''
    const podPath = `/api/v1/namespaces/${ns.name}/pods/${podName}`
    const owners = async (): Promise<string[]> =>
      ((await api.call(`GET`, podPath)).metadata.ownerReferences ?? []).map(
        (one) => (one as { uid?: string }).uid ?? '',
      )
    await api.call('PATCH', podPath, { metadata: { ownerReferences: null } })
    await until('the Pod to be its again', async () =>
      (await owners()).includes(metadata.uid ?? '') ? true : undefined,
    )
    await api.call('PATCH', podPath, { metadata: { labels: null } })
    await until('the Pod to be nobody’s', async () => ((await owners()).length === 0 ? true : undefined))
    expect((await getPod(ns, podName)).metadata.deletionTimestamp).toBeUndefined()
  })

  it(`fails at once on an exit code its policy names${covers('Verify Pod Failure policy allows to fail job early on exit code.')}`, async () => {
    const name = next()
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }]
    await make(name, 'failFirst', { ...indexed, podFailurePolicy: { rules } })
    const job = await jobUntil(name, 'Failed')
    expect(conditions(job)).toEqual({ FailureTarget: 'PodFailurePolicy', Failed: 'PodFailurePolicy' })
    // the limit of six failures is far: the one that failed was not tried again
    expect((await pods(name)).filter(({ metadata }) => metadata.annotations?.[index] === '0')).toHaveLength(1)
  })

  it(`does all indexes though some fail${covers('Ensure that all indexes are executed for an indexed job with backoffLimitPerIndex despite some failing')}`, async () => {
    const name = next()
    await make(name, 'failOddSucceedEven', { ...indexed, backoffLimitPerIndex: 1 })
    const job = await jobUntil(name, 'Failed')
    expect(conditions(job)['Failed']).toBe('FailedIndexes')
    expect(job.status).toMatchObject({ failedIndexes: '1,3', completedIndexes: '0,2', failed: 4, succeeded: 2 })
  })

  it(`stops when too many indexes failed${covers('Terminate job execution when the maxFailedIndexes is exceeded')}`, async () => {
    const name = next()
    await make(name, 'fail', { ...indexed, parallelism: 1, backoffLimitPerIndex: 0, maxFailedIndexes: 0 })
    const job = await jobUntil(name, 'Failed')
    expect(conditions(job)['Failed']).toBe('MaxFailedIndexesExceeded')
    expect(job.status).toMatchObject({ failedIndexes: '0', failed: 1 })
  })

  it(`fails an index at once on an exit code its policy names${covers('Mark indexes as failed when the FailIndex action is matched in podFailurePolicy')}`, async () => {
    const name = next()
    const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }]
    const spec = { ...indexed, completions: 2, backoffLimitPerIndex: 1, podFailurePolicy: { rules } }
    await make(name, 'failOddSucceedEven', spec)
    const job = await jobUntil(name, 'Failed')
    expect(job.status).toMatchObject({ failedIndexes: '1', completedIndexes: '0', failed: 1, succeeded: 1 })
  })

  it(`does not count Pods that were evicted, if its policy says so${covers('Ensure pod failure policy allows to ignore failure matching on the DisruptionTarget condition')}`, async () => {
    const name = next()
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }]
    // three evictions are more than the two failures it would bear
    const spec = { ...indexed, parallelism: 3, completions: 3, backoffLimit: 2, podFailurePolicy: { rules } }
    const container = { name: 'c', ...shell(scripts.notTerminateBefore) }
    await make(name, 'notTerminateBefore', spec, {
      volumes: [{ name: 'marker', configMap: { name, optional: true } }],
      containers: [{ ...container, volumeMounts: [{ name: 'marker', mountPath: '/marker' }] }],
    })
    await running(name, 3)
    await until('all Pods to be ready', async () =>
      (await api.call<Job>('GET', path(name))).status.ready === 3 ? true : undefined,
    )
    const evicted = await running(name, 3)
    // those that run have looked for it already: only those that come after them end
    await api.call('POST', `/api/v1/namespaces/${ns.name}/configmaps`, { metadata: { name }, data: { there: '' } })
    for (const { metadata } of evicted)
      await api.call('POST', `/api/v1/namespaces/${ns.name}/pods/${metadata.name}/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: metadata.name, namespace: ns.name },
      })
    const job = await jobUntil(name, 'Complete')
    expect(conditions(job)['Complete']).toBe('CompletionsReached')
    expect(job.status).toMatchObject({ succeeded: 3, completedIndexes: '0-2' })
    expect(job.status.failed ?? 0).toBe(0)
    const uids = evicted.map(({ metadata }) => metadata.uid)
    const succeeded = (await pods(name)).filter(({ status }) => status.phase === 'Succeeded')
    expect(succeeded.filter(({ metadata }) => !uids.includes(metadata.uid))).toHaveLength(3)
  })

  for (const [title, entry, script, spec, wanted] of [
    [
      'succeeds with all its indexes by its policy',
      'Ensure that job with successPolicy succeeded when all indexes succeeded',
      'succeed',
      { completions: 2, successPolicy: { rules: [{ succeededCount: 2 }] } },
      { completedIndexes: '0,1', succeeded: 2 },
    ],
    [
      'succeeds with the indexes its policy names',
      'Ensure that job with successPolicy succeededIndexes rule succeeded even when some indexes remain pending',
      'onlyFirst',
      { completions: 5, successPolicy: { rules: [{ succeededIndexes: '0' }] } },
      { completedIndexes: '0', succeeded: 1 },
    ],
    [
      'succeeds with as many indexes as its policy wants',
      'Ensure that job with successPolicy succeededCount rule succeeded even when some indexes remain pending',
      'onlyFirst',
      { completions: 5, backoffLimit: 2147483647, successPolicy: { rules: [{ succeededCount: 1 }] } },
      { completedIndexes: '0', succeeded: 1 },
    ],
  ] as const)
    it(`${title}${covers(entry)}`, async () => {
      const name = next()
      await make(name, script, { ...indexed, ...spec })
      const job = await jobUntil(name, 'Complete')
      expect(conditions(job)).toEqual({ SuccessCriteriaMet: 'SuccessPolicy', Complete: 'SuccessPolicy' })
      expect(job.status).toMatchObject({ ...wanted, ready: 0, terminating: 0 })
      expect(job.status.active ?? 0).toBe(0)
      if (script === 'succeed') expect(job.status.failed ?? 0).toBe(0)
    })
})
