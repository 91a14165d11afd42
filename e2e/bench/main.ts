import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { namespaces, nodes, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import { startKubeletNode } from '../harness/kubelet-node.ts'
import { run } from '../harness/kubectl.ts'
import { until } from '../harness/until.ts'
import { apiRows } from './api.ts'
import { kubeletRows, wholeSizes } from './kubelet.ts'
import { createdToRunning, podRows } from './pods.ts'
import { usage } from './processes.ts'
import { controllerRows } from './scheduling/controller-rows.ts'
import { schedulerRows } from './scheduling/scheduler-rows.ts'
import { timed } from './stats.ts'
import { formatTable, type Row } from './table.ts'

// `npm run bench`: one table. With --kubeconfig it measures any conformant cluster; without, a fresh one of its own,
// and then also how long that took to come up and what its programs use. --api-only leaves out what needs nodes.
// --scheduling measures scheduler and controllers instead, on hollow nodes: as many as --nodes says, which may be repeated,
// and --pods.
// --kubelet measures a kubelet alone, on an API server of its own, within twelve minutes; --node-pods makes that a try with
// so many Pods.

const root = new URL('../..', import.meta.url).pathname
const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    'idle-seconds': { type: 'string', default: '60' },
    'api-only': { type: 'boolean', default: false },
    scheduling: { type: 'boolean', default: false },
    pods: { type: 'string', default: '10000' },
    nodes: { type: 'string', multiple: true, default: ['1000', '5000'] },
    kubelet: { type: 'boolean', default: false },
    'node-pods': { type: 'string' },
  },
})
// and a minute to take the node away
const kubeletLimitMs = 660_000
const namespace = `bench-${process.pid.toString(36)}`

/** Runs the kubets command, its output on ours. */
function kubets(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [join(root, 'deploy', 'kubets'), ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`kubets ${args[0] ?? ''} ended with ${String(code)}`)),
    )
  })
}

async function measure(kubeconfig: string): Promise<Row[]> {
  const config = loadKubeconfig(kubeconfig)
  const client = new Client(config, { clock: realClock })
  try {
    const api = await apiRows(config, client, namespace)
    if (values['api-only']) return api
    await until('the default ServiceAccount', () => client.get(serviceAccounts, 'default', { namespace }))
    const startup = await podRows(client, namespace)
    return [...startup, ...api]
  } finally {
    await client.delete(namespaces, namespace, {}).catch(() => undefined)
    const gone = async (): Promise<true | undefined> => {
      const left = await client.list(namespaces, { fieldSelector: `metadata.name=${namespace}` })
      return left.items.length === 0 ? true : undefined
    }
    // without controllers it stays
    if (!values['api-only']) await until('the namespace to be gone', gone)
    await client.close()
  }
}

/** From nothing but installed packages and images to a Ready node and a first running Pod. */
async function measureUp(state: string, kubeconfig: string): Promise<Row[]> {
  const began = performance.now()
  const flags = [`--state-dir=${state}`, `--kubeconfig=${kubeconfig}`]
  const upTime = await timed(() => kubets('up', ...flags))
  const client = new Client(loadKubeconfig(kubeconfig), { clock: realClock })
  await client.list(nodes, {})
  await until('the default ServiceAccount', () => client.get(serviceAccounts, 'default', { namespace: 'default' }))
  await createdToRunning(client, 'default', 'first')
  const first = performance.now() - began
  await client.close()
  return [
    { name: 'command → node Ready (s)', value: (upTime.ms / 1000).toFixed(1) },
    { name: 'command → first Pod Running (s)', value: (first / 1000).toFixed(1) },
  ]
}

/** Resident memory and CPU of each program while nobody asks for anything. */
async function measureIdle(state: string, seconds: number): Promise<Row[]> {
  const { stdout } = await run('sh', [join(root, 'deploy', 'kubets'), 'status', `--state-dir=${state}`, '-o', 'json'])
  const programs = JSON.parse(stdout) as { name: string; pid: number }[]
  const before = await Promise.all(programs.map((one) => usage(one.pid)))
  await sleep(seconds * 1000) // the length of the idle minute is what is measured
  const after = await Promise.all(programs.map((one) => usage(one.pid)))
  const rows = programs.map((one, index) => {
    const cpu = ((after[index]?.cpuSeconds ?? NaN) - (before[index]?.cpuSeconds ?? NaN)) / seconds
    return { name: one.name, mib: after[index]?.residentMiB ?? NaN, cpu: cpu * 100 }
  })
  const control = rows.filter((row) => ['apiserver', 'controller-manager', 'scheduler'].includes(row.name))
  const all = [...rows, { name: 'control plane without etcd', mib: sum(control, 'mib'), cpu: sum(control, 'cpu') }]
  return all.map((row) => ({
    name: `${row.name}: resident MiB, idle CPU % of a core`,
    value: `${row.mib.toFixed(0)}, ${row.cpu.toFixed(1)}`,
  }))
}

function sum<K extends string>(rows: readonly Record<K, number>[], key: K): number {
  return rows.reduce((total, row) => total + row[key], 0)
}

/** A node agent without the rest of a cluster. */
async function* measureKubelet(): AsyncGenerator<Row> {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(new Error(`ended by ${name}`)))
  }
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(kubeletLimitMs)])
  const sizes = values['node-pods'] === undefined ? wholeSizes : { samples: 5, full: Number(values['node-pods']) }
  // no other node of this machine has these
  const node = await startKubeletNode({ pods: '10.252.0.0/24', cluster: '10.252.0.0/16' })
  try {
    const measured = { client: node.client, name: node.name, pid: node.pid(), network: `kubets-${node.name}` }
    yield* kubeletRows(measured, sizes, signal)
  } finally {
    await node.stop()
  }
}

let rows: Row[] = []
// some of it takes many minutes: what is known is told
const add = (more: readonly Row[]): void => {
  rows.push(...more)
  process.stderr.write(formatTable(more))
}
if (values.kubelet) {
  for await (const row of measureKubelet()) add([row])
} else if (values.scheduling) {
  // the programs end when this process exits
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1))
  const sizes = values.nodes.map(Number)
  const count = Number(values.pods)
  for (const size of sizes) for await (const some of schedulerRows(size, count)) add(some)
  for await (const some of controllerRows(Math.min(...sizes), count)) add(some)
} else if (values.kubeconfig !== undefined) {
  rows = await measure(values.kubeconfig)
} else {
  const work = await mkdtemp(join(tmpdir(), 'kubets-bench-'))
  const state = join(work, 'state')
  const kubeconfig = join(work, 'kubeconfig')
  try {
    const up = await measureUp(state, kubeconfig)
    const load = await measure(kubeconfig)
    rows = [...up, ...load, ...(await measureIdle(state, Number(values['idle-seconds'])))]
  } finally {
    await kubets('down', `--state-dir=${state}`, `--kubeconfig=${kubeconfig}`, '--purge')
    await rm(work, { recursive: true, force: true })
  }
}
process.stdout.write(
  `\n${String(cpus().length)} cores, ${cpus()[0]?.model ?? ''}, Node ${process.version}\n${formatTable(rows)}`,
)
