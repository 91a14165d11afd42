// systemd's login manager, which lets the machine go down only when nobody holds it up any more. A lock is a file
// descriptor that comes over the bus, which Node.js cannot take: systemd-inhibit holds it for us, and busctl listens.
// https://systemd.io/INHIBITOR_LOCKS, pkg/kubelet/nodeshutdown/systemd/inhibit_linux.go
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import { lines } from '../runtime/docker/lines.ts'

const run = promisify(execFile)
const limitMs = 10_000
const service = 'org.freedesktop.login1'
const place = '/org/freedesktop/login1'
const manager = 'org.freedesktop.login1.Manager'
const systemd = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager']
// its sender, too: anybody may send signals on that bus
const match = `type='signal',sender='${service}',interface='${manager}',member='PrepareForShutdown',path='${place}'`

export interface LogindOptions {
  /** The programs of systemd, by path or name. */
  inhibit: string
  busctl: string
  /** Where the login manager's configuration may be added to. */
  confDir: string
}

/** As it is on every machine with systemd 249 or newer; setpriv is of util-linux. */
export const systemLogind: LogindOptions = {
  inhibit: 'systemd-inhibit',
  busctl: 'busctl',
  confDir: '/etc/systemd/logind.conf.d',
}

/** How long, in milliseconds, a lock delays a shutdown at most, from what busctl says. Throws when it does not say that. */
export function inhibitDelayIn(answer: string): number {
  const said: unknown = JSON.parse(answer)
  const microseconds = isObject(said) && said['type'] === 't' ? Number(said['data']) : NaN
  if (Number.isNaN(microseconds)) throw new Error('InhibitDelayMaxUSec from logind is not a uint64 as expected')
  return microseconds / 1000
}

/** Whether a shutdown begins (true) or is called off (false), from a line of busctl; undefined when it is something else. */
export function shutdownIn(line: string): boolean | undefined {
  let said: unknown
  try {
    said = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isObject(said) || said['member'] !== 'PrepareForShutdown') return undefined
  const { payload } = said
  const data = isObject(payload) ? payload['data'] : undefined
  const first: unknown = Array.isArray(data) ? data[0] : undefined
  return typeof first === 'boolean' ? first : undefined
}

/** What delays a shutdown. */
export interface InhibitLock {
  release(): void
}

/** Talks to the login manager. */
export class Logind {
  readonly #options: LogindOptions

  constructor(options: LogindOptions) {
    this.#options = options
  }

  /** How long, in milliseconds, a lock delays a shutdown at most. */
  async inhibitDelay(signal: AbortSignal): Promise<number> {
    const args = ['--json=short', 'get-property', service, place, manager, 'InhibitDelayMaxUSec']
    const { stdout } = await run(this.#options.busctl, args, { signal, timeout: limitMs }).catch((error: unknown) => {
      throw new Error(`failed reading InhibitDelayMaxUSec property from logind: ${saidBy(error)}`)
    })
    return inhibitDelayIn(stdout)
  }

  /** Makes that so many seconds, once the configuration is reloaded. */
  async overrideInhibitDelay(seconds: number): Promise<void> {
    const { confDir } = this.#options
    await mkdir(confDir, { recursive: true, mode: 0o755 }).catch((error: unknown) => {
      throw new Error(`failed creating ${confDir} directory: ${saidBy(error)}`)
    })
    const file = path.join(confDir, '99-kubelet.conf')
    const text = `# Kubelet logind override\n[Login]\nInhibitDelayMaxSec=${seconds}\n`
    await writeFile(file, text, { mode: 0o644 }).catch((error: unknown) => {
      throw new Error(`failed writing logind shutdown inhibit override file ${file}: ${saidBy(error)}`)
    })
  }

  /** Asks for a reload, which may not have happened yet when this resolves. */
  async reload(signal: AbortSignal): Promise<void> {
    const hangUp = '1'
    const args = ['call', ...systemd, 'KillUnit', 'ssi', 'systemd-logind.service', 'all', hangUp]
    await run(this.#options.busctl, args, { signal, timeout: limitMs }).catch((error: unknown) => {
      throw new Error(`unable to reload logind conf: ${saidBy(error)}`)
    })
  }

  /** Holds a shutdown up, until it is released or this process is no more. `lost` is called when the lock goes by itself. */
  async inhibit(lost: () => void): Promise<InhibitLock> {
    const why = 'Kubelet needs time to handle node shutdown'
    // cat ends when our end of its pipe is closed, by us or by our death, and the lock with it
    const args = ['--what=shutdown', '--mode=delay', '--who=kubelet', `--why=${why}`, 'cat']
    const child = spawn(this.#options.inhibit, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const errors = errorsOf(child)
    const held = Promise.withResolvers<undefined>()
    const tooLong = AbortSignal.timeout(limitMs)
    const onTooLong = (): void => void child.kill('SIGKILL')
    tooLong.addEventListener('abort', onTooLong, { once: true })
    let released = true
    child.stdin.on('error', () => undefined)
    // what cat gives back says that it runs, which it does when the lock is held
    child.stdin.write('held\n')
    child.stdout.once('data', () => {
      released = false
      held.resolve(undefined)
    })
    child.on('error', held.reject)
    child.on('close', () => held.reject(new Error(errors() || 'it ended')))
    child.on('exit', () => {
      child.stdin.end()
      if (!released) lost()
    })
    try {
      await held.promise
    } catch (error) {
      throw new Error(`failed creating systemd inhibitor: ${saidBy(error)}`, { cause: error })
    } finally {
      tooLong.removeEventListener('abort', onTooLong)
    }
    return {
      release: () => {
        released = true
        child.stdin.end()
      },
    }
  }

  /**
   * Listens for shutdowns that begin (true) or are called off (false). Resolves when it listens; what it gives ends when the
   * signal aborts or nobody can be listened to any more.
   */
  async monitor(signal: AbortSignal): Promise<AsyncIterable<boolean>> {
    // it ends with this process, however that ends
    const args = ['--pdeathsig', 'TERM', this.#options.busctl, 'monitor', '--json=short', `--match=${match}`]
    const child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const started = Promise.withResolvers<undefined>()
    child.on('spawn', () => started.resolve(undefined))
    child.on('error', started.reject)
    await started.promise.catch((error: unknown) => {
      throw new Error(`failed to monitor shutdown: ${saidBy(error)}`)
    })
    return shutdowns(child, child.stdout, signal)
  }
}

async function* shutdowns(child: ChildProcess, output: NodeJS.ReadableStream, signal: AbortSignal) {
  try {
    for await (const line of lines(output, signal)) {
      const shutdown = shutdownIn(line)
      if (shutdown !== undefined) yield shutdown
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    child.kill()
  }
}

function errorsOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < 4096) text += chunk
  })
  return () => text.trim()
}

function saidBy(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string }
  return stderr.trim() || message
}
