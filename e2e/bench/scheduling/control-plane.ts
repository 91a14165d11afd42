import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@kubets/shared/client/client.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { launchOf } from '../../harness/launch.ts'
import { until } from '../../harness/until.ts'
import { usage } from '../processes.ts'

/** A program that serves /metrics. */
export interface Program {
  readonly port: number
  usage(): ReturnType<typeof usage>
  stop(): Promise<void>
}

/** An etcd and an apiserver of their own, without a kubelet; the other programs come when they are asked for. */
export interface ControlPlane {
  readonly client: Client
  apiserver(): ReturnType<typeof usage>
  startScheduler(): Promise<Program>
  startControllers(): Promise<Program>
  /** Ends all of it and removes its data. */
  stop(): Promise<void>
}

const flags = {
  scheduler: [],
  'controller-manager': [
    // room for thousands of nodes, whose Leases nobody has to renew within the minute
    '--cluster-cidr=10.128.0.0/9',
    '--node-monitor-grace-period=1h',
    '--node-startup-grace-period=1h',
  ],
}

export async function startControlPlane(): Promise<ControlPlane> {
  const api = await startApiServer()
  const compileCache = await mkdtemp(join(tmpdir(), 'kubets-compiled-'))
  const running = new Set<Program>()
  const pids = new Set([api.pid])
  // whatever ends the benchmark ends what it measures
  const killAll = (): void => {
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    rmSync(compileCache, { recursive: true, force: true })
  }
  process.once('exit', killAll)
  const start = async (name: keyof typeof flags): Promise<Program> => {
    const kubeconfig = await api.kubeconfig(`system:kube-${name}`)
    const port = await freePort()
    const { args, env } = await launchOf(name, compileCache)
    const child = spawn(
      process.execPath,
      [
        ...args,
        `--kubeconfig=${kubeconfig}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${String(port)}`,
        '--leader-elect=false',
        ...flags[name],
      ],
      { env, stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const pid = child.pid ?? 0
    pids.add(pid)
    const program: Program = {
      port,
      usage: () => usage(pid),
      async stop() {
        running.delete(program)
        pids.delete(pid)
        await end(child)
      },
    }
    running.add(program)
    await until(`${name} to be healthy`, async () => {
      const { ok } = await fetch(`http://127.0.0.1:${String(port)}/readyz`, { signal: AbortSignal.timeout(5000) })
      return ok ? true : undefined
    })
    return program
  }
  return {
    client: api.client,
    apiserver: () => usage(api.pid),
    startScheduler: () => start('scheduler'),
    startControllers: () => start('controller-manager'),
    async stop() {
      process.off('exit', killAll)
      await Promise.all([...running].map((program) => program.stop()))
      await api.stop()
      rmSync(compileCache, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
