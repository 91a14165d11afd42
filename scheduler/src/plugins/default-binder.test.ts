import { afterEach, describe, expect, it } from 'vitest'
import { Client } from '@kubets/shared/client/client.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { sendJson, startScriptedServer } from '@kubets/shared/testing/scripted-server.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { podInfo } from '../cache/pod-info.ts'
import { pod } from '../cases.ts'
import { defaultBinder } from './default-binder.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** A binder whose server answers with this status; undefined: not at all. */
async function setUp(status: number | undefined, answer: object = {}) {
  const server = await startScriptedServer((_, res) => {
    if (status !== undefined) sendJson(res, { kind: 'Status', apiVersion: 'v1', ...answer }, status)
  })
  const client = new Client({ server: server.url, userAgent: 'test' }, { clock: new FakeClock() })
  cleanups.push(
    () => client.close(),
    () => server.stop(),
  )
  const bind = (name = 'p', signal = new AbortController().signal): Promise<void> =>
    defaultBinder(client).bind?.(podInfo(pod(name, { namespace: 'n' })), 'node-1', signal) ??
    Promise.reject(new Error())
  return { server, bind }
}
const taken = {
  status: 'Failure',
  code: 409,
  reason: 'Conflict',
  message: 'pod p is already assigned to node "node-2"',
}
const gone = { status: 'Failure', code: 404, reason: 'NotFound', message: 'pods "p" not found' }

// pkg/scheduler/framework/plugins/defaultbinder/default_binder_test.go TestDefaultBinder
describe('DefaultBinder', () => {
  it('posts one Binding to the Pod, with its uid, so that no namesake gets the node', async () => {
    const { server, bind } = await setUp(201, { status: 'Success' })
    await bind()
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/namespaces/n/pods/p/binding',
    ])
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'p', namespace: 'n', uid: 'uid-p' },
      target: { kind: 'Node', name: 'node-1' },
    })
  })

  it.each([
    ['that has its node by now', 409, taken, isConflict, taken.message],
    ['that is gone', 404, gone, isNotFound, gone.message],
  ] as const)('says why not, for a Pod %s', async (_, status, answer, isSo, message) => {
    const { server, bind } = await setUp(status, answer)
    const error = await bind().catch((problem: unknown) => problem)
    expect([isSo(error), (error as Error).message]).toEqual([true, message])
    expect(server.requests).toHaveLength(1)
  })

  it('passes on a refusal as it is', async () => {
    const { bind } = await setUp(403, { status: 'Failure', code: 403, reason: 'Forbidden', message: 'no' })
    await expect(bind()).rejects.toThrow('no')
  })

  it('stops waiting when told to', async () => {
    const { server, bind } = await setUp(undefined)
    const stop = new AbortController()
    const bound = bind('p', stop.signal)
    await waitFor(() => server.requests.length === 1)
    stop.abort(new Error('enough'))
    await expect(bound).rejects.toThrow('enough')
  })

  it('writes the name as one part of the path', async () => {
    const { server, bind } = await setUp(201)
    await bind('a/b')
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/n/pods/a%2Fb/binding')
  })
})
