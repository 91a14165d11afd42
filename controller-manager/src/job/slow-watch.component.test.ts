import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '@kubets/shared/client/client.ts'
import { jobs, pods } from '@kubets/shared/api/resources.gen.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager, type TestManager } from '../manager.testing.ts'

const namespace = 'slow'
let held: Promise<void> = Promise.resolve()
let manager: TestManager

/** The client, whose watch of Jobs tells nothing while it is held. */
const holding = (client: Client): Client =>
  new Proxy(client, {
    get: (target, name) => {
      if (name === 'watch') {
        const watch: Client['watch'] = async function* (ref, options) {
          for await (const event of target.watch(ref, options)) {
            if (ref.plural === jobs.plural) await held
            yield event
          }
        }
        return watch
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })

beforeAll(async () => {
  manager = await startTestManager({}, [], holding)
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

it('a Job whose end the cache does not show yet gets no Pod more', async () => {
  const { client, registry } = manager
  await client.create(
    jobs,
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: {
        completions: 1,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
      },
    },
    { namespace },
  )
  const status = async () => (await client.get(jobs, 'once', { namespace })).status
  await waitFor(async () => (await status())?.active === 1)
  const [pod] = (await client.list(pods, { namespace })).items
  const { promise, resolve: release } = Promise.withResolvers<void>()
  held = promise
  const succeeded = { status: { phase: 'Succeeded' } }
  await client.patch(pods, pod?.metadata.name ?? '', succeeded, { type: 'merge', namespace, subresource: 'status' })
  await waitFor(async () => (await status())?.succeeded === 1)
  // the Pod, which was let go of, has the Job looked at again
  await waitFor(async () => /job_controller_stale_sync_skips_total{.*} [1-9]/.test(await registry.metrics()))
  expect((await client.list(pods, { namespace })).items).toHaveLength(1)
  release()
  await waitFor(async () => (await status())?.conditions?.some(({ type }) => type === 'Complete'))
  expect(await status()).toMatchObject({ succeeded: 1, ready: 0, terminating: 0 })
})
