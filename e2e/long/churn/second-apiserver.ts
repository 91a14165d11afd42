import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { processOf } from '../../harness/programs.ts'

/** A second API server on the cluster's etcd, with the first one's flags and another port. */
export interface SecondApiServer {
  readonly port: number
  /** kill -9, and a new one. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startSecondApiServer(): Promise<SecondApiServer> {
  const first = await readFile(`/proc/${String(await processOf('apiserver'))}/cmdline`, 'utf8')
  const port = await freePort()
  const [command = '', ...args] = first.split('\0').filter((word) => word !== '')
  const own = args.map((word) => (word.startsWith('--secure-port=') ? `--secure-port=${String(port)}` : word))
  const start = (): ChildProcess => spawn(command, own, { stdio: 'ignore' })
  let child = start()
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = once(child, 'exit')
    if (child.exitCode !== null || !child.kill(signal)) return
    await ended
  }
  return {
    port,
    restart: async () => {
      await end('SIGKILL')
      child = start()
    },
    stop: () => end('SIGTERM'),
  }
}
