import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import { docker } from '../harness/docker.ts'
import { command, create, image, namesOf, namespace, podOf, remove, type MeasuredNode } from './kubelet-pods.ts'
import { usage } from './processes.ts'
import { summarize, timed } from './stats.ts'
import type { Row } from './table.ts'

const samples = 50
const full = 110
const idleSeconds = 60
const probedSeconds = 20
// what is not done by then is a row that says so, and the next begins
const samplesMs = 150_000
const groupMs = 100_000

/** How many Pods there are: the most that a node has, or fewer for a try. */
export interface Sizes {
  readonly samples: number
  readonly full: number
}
export const wholeSizes: Sizes = { samples, full }

type Part = (node: MeasuredNode, sizes: Sizes, signal: AbortSignal) => AsyncGenerator<Row>

const parts: readonly (readonly [string, Part])[] = [
  ['one Pod after the other', oneAfterTheOther],
  ['30 Pods at once', someAtOnce],
  ['a full node', fullNode],
  ['probes of a full node', probedNode],
]

/**
 * What the node agent does in what time, without a scheduler: Pods are bound when they are created. Rows come as they are
 * known; a part that fails is a row that says why. Ends early when the signal aborts.
 */
export async function* kubeletRows(node: MeasuredNode, sizes: Sizes, signal: AbortSignal): AsyncGenerator<Row> {
  for (const [name, part] of parts) {
    try {
      signal.throwIfAborted()
      yield* part(node, sizes, signal)
    } catch (error) {
      yield { name, value: `failed: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
}

const within = (ms: number, signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(ms)])
const pair = (values: readonly number[]): string => {
  const { median, p99 } = summarize(values)
  return `${median.toFixed(0)} / ${p99.toFixed(0)}`
}
const seconds = (ms: number): string => (ms / 1000).toFixed(1)

async function* oneAfterTheOther(node: MeasuredNode, sizes: Sizes, signal: AbortSignal): AsyncGenerator<Row> {
  const bare: number[] = []
  const running: number[] = []
  const ended: number[] = []
  const end = performance.now() + samplesMs
  for (let at = -1; at < sizes.samples && performance.now() < end; at++) {
    // one beside the other, so that both see the same machine; the first of each warms up
    const alone = await bareStart(node)
    const pod = await oneByOne(node, `one-${String(at)}`, within(groupMs, signal))
    if (at < 0) continue
    bare.push(alone)
    running.push(pod.running)
    ended.push(pod.ended)
  }
  const of = `ms, median / p99 of ${String(bare.length)}`
  yield { name: `docker create + start of two containers (${of})`, value: pair(bare) }
  yield { name: `Pod created → Running (${of})`, value: pair(running) }
  const [a, b] = [summarize(running), summarize(bare)]
  yield { name: '  in times of docker', value: `${(a.median / b.median).toFixed(2)} / ${(a.p99 / b.p99).toFixed(2)}` }
  yield { name: `exit of a container → status in the API (${of})`, value: pair(ended) }
}

async function* someAtOnce(node: MeasuredNode, sizes: Sizes, signal: AbortSignal): AsyncGenerator<Row> {
  const names = namesOf('some', Math.min(30, sizes.full))
  yield* started(node, names, signal)
  yield* deleted(node, names, signal)
}

/** As many as are asked for at once, and a few more until there is no room: then they idle. */
async function* fullNode(node: MeasuredNode, sizes: Sizes, signal: AbortSignal): AsyncGenerator<Row> {
  const names = namesOf('many', Math.min(100, sizes.full))
  yield* started(node, names, signal)
  const rest = namesOf('rest', sizes.full - names.length)
  if (rest.length > 0) await create(node, rest, within(groupMs, signal))
  yield {
    name: `${String(sizes.full)} idle Pods: kubelet's CPU % of a core, resident MiB after a minute`,
    value: await used(node, idleSeconds, signal),
  }
  yield* deleted(node, names, signal)
  if (rest.length > 0) await remove(node, rest, within(groupMs, signal))
}

async function* started(node: MeasuredNode, names: readonly string[], signal: AbortSignal): AsyncGenerator<Row> {
  const count = String(names.length)
  const before = await usage(node.pid)
  const { ms } = await timed(() => create(node, names, within(groupMs, signal)))
  const { cpuSeconds } = await usage(node.pid)
  yield { name: `${count} Pods at once, created → all Ready (s)`, value: seconds(ms) }
  const each = ((cpuSeconds - before.cpuSeconds) * 1000) / names.length
  yield { name: "  kubelet's CPU for each (ms)", value: each.toFixed(0) }
}

async function* deleted(node: MeasuredNode, names: readonly string[], signal: AbortSignal): AsyncGenerator<Row> {
  const { ms } = await timed(() => remove(node, names, within(groupMs, signal)))
  yield { name: `${String(names.length)} Pods deleted → all gone (s)`, value: seconds(ms) }
}

/** The two containers of a Pod, without a kubelet. */
async function bareStart({ network }: MeasuredNode): Promise<number> {
  const make = async (body: object): Promise<string> => {
    const { Id } = (await docker('POST', '/containers/create', body)) as { Id: string }
    await docker('POST', `/containers/${Id}/start`)
    return Id
  }
  const { ms, result } = await timed(async () => {
    const sandbox = await make({ Image: 'kubets/pause:1', HostConfig: { NetworkMode: network, IpcMode: 'shareable' } })
    const inside = `container:${sandbox}`
    const main = await make({ Image: image, Cmd: command, HostConfig: { NetworkMode: inside, IpcMode: inside } })
    return [main, sandbox]
  })
  for (const id of result) await docker('DELETE', `/containers/${id}?force=1`)
  return ms
}

/** Milliseconds to Running, and from the end of its container to the status that says so. */
async function oneByOne({ client, name: nodeName }: MeasuredNode, name: string, signal: AbortSignal) {
  const began = performance.now()
  const { metadata } = await client.create(pods, podOf(name, nodeName, {}), { signal })
  let running = NaN
  let killedAt = NaN
  const { resourceVersion = '' } = metadata
  const changes = client.watch(pods, { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion, signal })
  for await (const { object } of changes) {
    const { phase, containerStatuses } = object.status ?? {}
    if (phase === 'Running' && Number.isNaN(running)) {
      running = performance.now() - began
      const id = containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? ''
      const died = docker('POST', `/containers/${id}/wait`).then(() => (killedAt = performance.now()))
      await docker('POST', `/containers/${id}/kill`)
      await died
    }
    if (phase === 'Failed') break
  }
  const ended = Math.max(0, performance.now() - killedAt)
  await client.delete(pods, name, { namespace, gracePeriodSeconds: 0 })
  if (Number.isNaN(ended)) throw new Error(`Pod ${name} did not run and end in time`)
  return { running, ended }
}

/** What the kubelet uses from now on for some time. */
async function used({ pid }: MeasuredNode, forSeconds: number, signal: AbortSignal): Promise<string> {
  const before = await usage(pid)
  await sleep(forSeconds * 1000, undefined, { signal }) // the length of that time is what is measured
  const after = await usage(pid)
  const cpu = ((after.cpuSeconds - before.cpuSeconds) / forSeconds) * 100
  return `${cpu.toFixed(1)}, ${after.residentMiB.toFixed(0)}`
}

/** Probes of a node full of Pods every second: what lies between two of a Pod, as the one who is asked sees it. */
async function* probedNode(node: MeasuredNode, sizes: Sizes, signal: AbortSignal): AsyncGenerator<Row> {
  const last = new Map<string, number>()
  let gaps: number[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const now = performance.now()
    const before = last.get(path)
    if (before !== undefined) gaps.push(now - before)
    last.set(path, now)
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const names = namesOf('probed', sizes.full)
    const probe = (name: string) => ({ httpGet: { host: '127.0.0.1', port, path: `/${name}` }, periodSeconds: 1 })
    await create(node, names, within(groupMs, signal), (name) => ({
      livenessProbe: { ...probe(name), failureThreshold: 10 },
    }))
    gaps = []
    const usedNow = await used(node, probedSeconds, signal)
    const seen = gaps
    // those that are not probed at all have no gap: how many came is told too
    yield {
      name: `probes of ${String(sizes.full)} Pods every second: from one to the next (ms, median / p99), seen of expected`,
      value: `${pair(seen)}, ${String(seen.length)} of ${String(sizes.full * probedSeconds)}`,
    }
    yield { name: "  kubelet's CPU % of a core, resident MiB", value: usedNow }
    await remove(node, names, within(groupMs, signal))
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
