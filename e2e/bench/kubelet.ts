import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { docker } from '../harness/docker.ts'
import { usage } from './processes.ts'
import { summarize, timed } from './stats.ts'
import type { Row } from './table.ts'

const image = 'kubets/busybox:1'
const namespace = 'default'
const samples = 50
const full = 110
const idleSeconds = 20
const limitMs = 300_000
const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done']

/** A node whose kubelet is measured: its name, the process, and the Docker network of its Pods. */
export interface MeasuredNode {
  readonly client: Client
  readonly name: string
  readonly pid: number
  readonly network: string
}

type Container = Partial<Pod['spec']['containers'][number]>

/** What the node agent does in what time, without a scheduler: Pods are bound when they are created. */
export async function kubeletRows(node: MeasuredNode): Promise<Row[]> {
  const rows: Row[] = []
  const add = (name: string, value: string): void => {
    process.stdout.write(`${name}: ${value}\n`)
    rows.push({ name, value })
  }
  const bare: number[] = []
  const running: number[] = []
  const ended: number[] = []
  for (let at = -1; at < samples; at++) {
    // one beside the other, so that both see the same machine; the first of each warms up
    const docker = await bareStart(node)
    const pod = await oneByOne(node, `one-${String(at)}`)
    if (at < 0) continue
    bare.push(docker)
    running.push(pod.running)
    ended.push(pod.ended)
  }
  add(`docker create + start of two containers (ms, median / p99 of ${String(samples)})`, pair(bare))
  add('Pod created → Running (ms, median / p99)', pair(running))
  const [a, b] = [summarize(running), summarize(bare)]
  add('  in times of docker', `${(a.median / b.median).toFixed(2)} / ${(a.p99 / b.p99).toFixed(2)}`)
  add('exit of a container → status in the API (ms, median / p99)', pair(ended))
  for (const count of [30, 100]) {
    const names = namesOf(`of-${String(count)}`, count)
    const before = await usage(node.pid)
    const ready = await timed(() => create(node, names, () => ({})))
    const { cpuSeconds } = await usage(node.pid)
    add(`${String(count)} Pods at once, created → all Ready (s)`, seconds(ready.ms))
    add("  kubelet's CPU for each (ms)", (((cpuSeconds - before.cpuSeconds) * 1000) / count).toFixed(0))
    const gone = await timed(() => remove(node, names))
    add(`${String(count)} Pods deleted → all gone (s)`, seconds(gone.ms))
  }
  const idle = namesOf('idle', full)
  await create(node, idle, () => ({}))
  add(`${String(full)} idle Pods: kubelet's CPU % of a core, resident MiB`, await used(node))
  await remove(node, idle)
  for (const [name, value] of await probes(node)) add(name, value)
  return rows
}

const pair = (values: readonly number[]): string => {
  const { median, p99 } = summarize(values)
  return `${median.toFixed(0)} / ${p99.toFixed(0)}`
}
const seconds = (ms: number): string => (ms / 1000).toFixed(1)
const namesOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_value, at) => `${prefix}-${String(at)}`)

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

function podOf(name: string, nodeName: string, more: Container): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName,
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      containers: [{ name: 'main', image, command, ...more }],
    },
  }
}

/** Milliseconds to Running, and from the end of its container to the status that says so. */
async function oneByOne({ client, name: nodeName }: MeasuredNode, name: string) {
  const began = performance.now()
  const { metadata } = await client.create(pods, podOf(name, nodeName, {}))
  let running = NaN
  let killedAt = NaN
  const changes = client.watch(pods, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: metadata.resourceVersion ?? '',
    signal: AbortSignal.timeout(limitMs),
  })
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
  return { running, ended }
}

/** Creates Pods at once and waits until all are Ready. */
async function create({ client, name }: MeasuredNode, names: readonly string[], more: (name: string) => Container) {
  const { metadata } = await client.list(pods, { namespace })
  const waiting = new Set(names)
  const { resourceVersion = '' } = metadata
  const changes = client.watch(pods, { namespace, resourceVersion, signal: AbortSignal.timeout(limitMs) })
  await Promise.all(names.map((one) => client.create(pods, podOf(one, name, more(one)))))
  for await (const { object } of changes) {
    const ready = object.status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status === 'True') waiting.delete(object.metadata.name ?? '')
    if (waiting.size === 0) return
  }
  throw new Error(`${String(waiting.size)} Pods are not Ready`)
}

/** Deletes Pods at once and waits until they are gone. */
async function remove({ client }: MeasuredNode, names: readonly string[]): Promise<void> {
  const { metadata } = await client.list(pods, { namespace })
  const waiting = new Set(names)
  const { resourceVersion = '' } = metadata
  const changes = client.watch(pods, { namespace, resourceVersion, signal: AbortSignal.timeout(limitMs) })
  await Promise.all(names.map((one) => client.delete(pods, one, { namespace })))
  for await (const { type, object } of changes) {
    if (type === 'DELETED') waiting.delete(object.metadata.name ?? '')
    if (waiting.size === 0) return
  }
  throw new Error(`${String(waiting.size)} Pods are not gone`)
}

/** What the kubelet uses from now on for some time. */
async function used({ pid }: MeasuredNode): Promise<string> {
  const before = await usage(pid)
  await sleep(idleSeconds * 1000) // the length of the idle time is what is measured
  const after = await usage(pid)
  const cpu = ((after.cpuSeconds - before.cpuSeconds) / idleSeconds) * 100
  return `${cpu.toFixed(1)}, ${after.residentMiB.toFixed(0)}`
}

/** Probes of a node full of Pods every second: what lies between two of a Pod, as the one who is asked sees it. */
async function probes(node: MeasuredNode): Promise<[string, string][]> {
  const last = new Map<string, number>()
  let gaps: number[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const before = last.get(path)
    if (before !== undefined) gaps.push(performance.now() - before)
    last.set(path, performance.now())
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const names = namesOf('probed', full)
  const probe = (name: string) => ({ httpGet: { host: '127.0.0.1', port, path: `/${name}` }, periodSeconds: 1 })
  await create(node, names, (name) => ({ livenessProbe: { ...probe(name), failureThreshold: 10 } }))
  gaps = []
  const usedNow = await used(node)
  const seen = gaps
  await remove(node, names)
  server.close()
  server.closeAllConnections()
  return [
    [`probes of ${String(full)} Pods every second: from one to the next (ms, median / p99)`, pair(seen)],
    ["  kubelet's CPU % of a core, resident MiB", usedNow],
  ]
}
