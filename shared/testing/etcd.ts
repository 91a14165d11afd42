import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock } from '../process/clock.ts'
import { freePort } from './ports.ts'

interface TestEtcd {
  /** e.g. http://127.0.0.1:41234 */
  endpoint: string
  pid: number
  /** Ends it without warning and keeps its data, as a crash would. */
  kill(): Promise<void>
  /** Starts it again on its data after `kill`. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

const startLimitMs = 60_000

/** A real etcd of one member on free ports, for component tests. Needs `etcd` in the PATH. */
export async function startEtcd(): Promise<TestEtcd> {
  const [member] = await startEtcdMembers(1)
  if (!member) throw new Error('there is one')
  return member
}

/** The members of a real etcd, on free ports. Needs `etcd` in the PATH. */
export async function startEtcdMembers(count: number): Promise<TestEtcd[]> {
  const peers: string[] = []
  for (let i = 0; i < count; i++) peers.push(`http://127.0.0.1:${await freePort()}`)
  const cluster = peers.map((peer, i) => `member${i}=${peer}`).join(',')
  // side by side: none is healthy before most of them are there
  const started = await Promise.allSettled(peers.map((peer, i) => startMember(`member${i}`, peer, cluster)))
  const members = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = started.find((one) => one.status === 'rejected')
  if (!failed) return members
  await Promise.all(members.map((member) => member.stop()))
  throw failed.reason
}

async function startMember(name: string, peer: string, cluster: string): Promise<TestEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'etcd-test-'))
  const endpoint = `http://127.0.0.1:${await freePort()}`
  const args = [
    `--name=${name}`,
    `--data-dir=${folder}/data`,
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${cluster}`,
    '--logger=zap',
    '--log-level=error',
  ]
  let child = run(args)
  const end = async (): Promise<void> => {
    process.off('exit', killNow)
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  // a test run that dies must not leave it behind
  const killNow = (): void => void child.kill('SIGKILL')
  const ready = async (): Promise<void> => {
    process.once('exit', killNow)
    await waitUntilHealthy(endpoint, child)
  }
  try {
    await ready()
  } catch (error) {
    await end()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    endpoint,
    get pid() {
      return child.pid ?? 0
    },
    kill: end,
    async restart() {
      await end()
      child = run(args)
      await ready()
    },
    async stop() {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function run(args: string[]): ReturnType<typeof spawn> {
  // a pipe, and none of the test run's own: an etcd whose test process was killed must not hold those open
  const child = spawn('etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.on('data', (text: Buffer) => process.stderr.write(text))
  child.on('error', () => undefined)
  return child
}

async function waitUntilHealthy(endpoint: string, child: ReturnType<typeof spawn>): Promise<void> {
  const deadline = realClock.now() + startLimitMs
  for (;;) {
    if (child.pid === undefined) throw new Error('cannot start etcd: is it installed?')
    if (child.exitCode !== null) throw new Error(`etcd ended with code ${child.exitCode} instead of starting`)
    try {
      const response = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(10_000) })
      if (response.ok && (await response.text()).includes('"true"')) return
    } catch {
      // not listening yet
    }
    if (realClock.now() > deadline) throw new Error(`etcd was not healthy within ${startLimitMs / 1000} s`)
    await realClock.sleep(20)
  }
}
