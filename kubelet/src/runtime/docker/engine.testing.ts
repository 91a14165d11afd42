import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import Docker from 'dockerode'
import { makeDisk } from '../../volumes/disk.testing.ts'

const run = promisify(execFile)

export interface TestEngine {
  socket: string
  /** The disk on which it has everything. */
  data: string
  stop(): Promise<void>
}

/**
 * For tests: a Docker engine of its own on a disk of so many MiB. It is in a network of its own, as an engine that is to have no
 * bridge takes docker0 away, whoever uses it; its containers can have that network alone, as their host's.
 */
export async function startEngine(mebibytes: number): Promise<TestEngine> {
  const disk = await makeDisk(mebibytes)
  const { work, place: data } = disk
  const at = (name: string): string => path.join(work, name)
  const socket = at('sock')
  const namespace = path.basename(work)
  const options = [
    `--data-root=${data}`,
    `--exec-root=${at('exec')}`,
    `--pidfile=${at('pid')}`,
    `--host=unix://${socket}`,
  ]
  const apart = [`--containerd-namespace=${namespace}`, `--containerd-plugins-namespace=${namespace}-plugins`]
  const network = ['--bridge=none', '--iptables=false']
  const engine = spawn('unshare', ['--net', 'dockerd', ...options, ...apart, ...network], { stdio: 'ignore' })
  const ended = once(engine, 'exit')
  const docker = new Docker({ socketPath: socket })
  await waitFor(
    () =>
      docker.ping().then(
        () => true,
        () => false,
      ),
    'the engine to answer',
  )
  return {
    socket,
    data,
    stop: async () => {
      engine.kill()
      await ended
      // of what had the engine's network
      await run('umount', [path.join(at('exec'), 'netns', 'default')]).catch(() => undefined)
      await disk.remove()
    },
  }
}
