import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { sendJson, startScriptedServer } from '@kubets/shared/testing/scripted-server.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { nothingReserved } from '../cgroups/allocatable.ts'
import type { Runtime } from '../runtime/types.ts'
import { heartbeatClient } from './heartbeat.ts'
import { keepLease } from './lease.ts'
import { readMachine } from './machine.ts'
import { NodeRegistration, type RegistrationOptions } from './registration.ts'

type Parts = Pick<RegistrationOptions, 'client' | 'clock' | 'log'>

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** Keeps them with an API server that does not answer the first question; what is warned of. */
async function keeping(keep: (parts: Parts, signal: AbortSignal) => Promise<void>) {
  const clock = new FakeClock()
  const warned: unknown[] = []
  const nothing = (): void => undefined
  const log: Logger = { debug: nothing, info: nothing, error: nothing, warn: (about) => void warned.push(about) }
  const server = await startScriptedServer(({ body }, res) => {
    if (server.requests.length === 1) return
    sendJson(res, { metadata: { name: 'n' }, spec: {}, ...(body === '' ? {} : (JSON.parse(body) as object)) })
  })
  const client = heartbeatClient({ server: server.url, userAgent: 'kubelet' }, clock)
  const stopping = new AbortController()
  const running = keep({ client, clock, log }, stopping.signal)
  cleanups.push(async () => {
    stopping.abort()
    await running
    await client.close()
    await server.stop()
  })
  await waitFor(() => server.requests.length === 1)
  return { clock, warned, asked: () => server.requests.map(({ method }) => method) }
}

/** Nodes of which nothing is known but that their Docker is away. */
const ofNode = async (): Promise<Omit<RegistrationOptions, keyof Parts>> => ({
  runtime: { status: () => Promise.resolve('away') } as unknown as Runtime,
  name: 'n',
  ips: [],
  port: 10250,
  maxPods: 110,
  reservation: nothingReserved,
  staticCpus: false,
  taints: [],
  devices: () => ({ capacity: {}, allocatable: {}, removed: [] }),
  machine: await readMachine('/'),
  pressure: () => [],
  recorder: { event: () => undefined },
  volumesInUse: () => [],
  shuttingDown: () => false,
  networkProblem: () => undefined,
  storageProblem: () => undefined,
  podCidr: () => Promise.resolve(),
})

describe('A sign of life that nobody answers is given up when the next is due, and sent again:', () => {
  it.each<[string, string, string[], (parts: Parts, signal: AbortSignal) => Promise<void>]>([
    [
      'the Lease',
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n',
      ['GET', 'GET', 'PUT'],
      (parts, signal) => keepLease({ ...parts, nodeName: 'n', node: () => Promise.resolve(undefined) }, signal),
    ],
    [
      'the status of the Node',
      '/api/v1/nodes/n',
      // its labels, its status
      ['GET', 'GET', 'PATCH', 'PATCH'],
      async (parts, signal) => new NodeRegistration({ ...(await ofNode()), ...parts }).run(signal),
    ],
  ])('%s', async (_, path, wanted, keep) => {
    const { clock, warned, asked } = await keeping(keep)
    await clock.advance(9999)
    expect(warned).toEqual([])
    await clock.advance(1)
    await waitFor(() => warned.length > 0)
    expect(warned).toEqual([{ error: `GET ${path}: no answer within 10 s` }])
    await clock.advance(200)
    await waitFor(() => asked().length >= wanted.length)
    expect(asked()).toEqual(wanted)
  })
})
