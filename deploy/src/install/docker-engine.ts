import { spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { UserError } from '../errors.ts'
import { isAlive, startTime } from '../cluster/processes.ts'
import { run } from '../run.ts'
import { until } from '../until.ts'

/** dockerode on the default socket, each call limited to a minute. */
export function dockerClient(): Docker {
  return new Docker({ socketPath: '/var/run/docker.sock', timeout: 60_000 })
}

/** The engine's version, or undefined when it does not answer. */
export async function engineVersion(): Promise<string | undefined> {
  try {
    const version = (await new Docker({ socketPath: '/var/run/docker.sock', timeout: 5_000 }).version()) as {
      Version: string
    }
    return version.Version
  } catch {
    return undefined
  }
}

/**
 * Makes sure that a Docker engine answers: through systemd where it runs, else by starting dockerd itself and
 * noting that it did, so that `down` can end what `up` began.
 */
export async function ensureEngine(stateDir: string): Promise<string> {
  const running = await engineVersion()
  if (running !== undefined) return running
  if (process.getuid?.() !== 0) {
    throw new UserError(
      'The Docker engine does not answer on /var/run/docker.sock. Start it, or give this user access.',
    )
  }
  const systemd = await run('systemctl', ['is-system-running'])
  if (/running|degraded/.test(systemd.stdout)) await run('systemctl', ['start', 'docker'])
  else await startDaemon(stateDir)
  return until('the Docker engine to answer', 60_000, engineVersion)
}

async function startDaemon(stateDir: string): Promise<void> {
  const log = openSync(join(stateDir, 'logs', 'dockerd.log'), 'w')
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] })
  await new Promise<void>((started, failed) => {
    daemon.once('spawn', started)
    daemon.once('error', failed)
  })
  daemon.unref()
  await writeFile(recordPath(stateDir), 'started by kubets up\n')
}

/** Ends the dockerd that {@link ensureEngine} started, unless somebody else's containers run in it. */
export async function stopOwnEngine(stateDir: string): Promise<string> {
  if (!existsSync(recordPath(stateDir))) return 'left as it was'
  const pid = Number(await readFile('/var/run/docker.pid', 'utf8').catch(() => '0'))
  const daemon = { pid, startTime: await startTime(pid) }
  if (await isAlive(daemon)) {
    const others = await dockerClient().listContainers()
    if (others.length > 0) return `left running: ${String(others.length)} other containers use it`
    process.kill(daemon.pid, 'SIGTERM')
    await until('dockerd to end', 30_000, async () => ((await isAlive(daemon)) ? undefined : true))
  }
  await rm(recordPath(stateDir), { force: true })
  return 'stopped'
}

function recordPath(stateDir: string): string {
  return join(stateDir, 'run', 'dockerd')
}
