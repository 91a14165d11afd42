import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { PodSandboxStatus } from '../runtime/types.ts'

const dialTimeoutMs = 10_000

/**
 * Connects to a port of a Pod. Most programs listen on every address, so the Pod's own is tried first; one that
 * listens on the Pod's loopback alone is reached from inside its network namespace.
 */
export async function dialPod(
  sandbox: PodSandboxStatus,
  port: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Duplex> {
  const address = sandbox.network === 'NODE' ? '127.0.0.1' : sandbox.ips[0]
  if (address === undefined) throw new Error('the Pod has no address: its sandbox does not run')
  try {
    return await dialTcp(address, port, clock, signal)
  } catch (error) {
    if (sandbox.network === 'NODE' || sandbox.pid === undefined) throw error
    return dialLoopback(sandbox.pid, port, signal)
  }
}

function dialTcp(host: string, port: number, clock: Clock, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, signal })
    const cancel = clock.timer(dialTimeoutMs, () => socket.destroy(new Error(`no answer from ${host}:${String(port)}`)))
    socket.once('connect', () => {
      cancel()
      resolve(socket)
    })
    socket.once('error', (error) => {
      cancel()
      reject(error)
    })
  })
}

/** busybox nc in the Pod's network namespace; its standard streams are the connection. */
async function dialLoopback(pid: number, port: number, signal: AbortSignal): Promise<Duplex> {
  const child = spawn('nsenter', ['--target', String(pid), '--net', 'busybox', 'nc', '127.0.0.1', String(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  })
  const connection = Duplex.from({ readable: child.stdout, writable: child.stdin })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-500)))
  child.on('error', (error) => connection.destroy(error))
  child.on('exit', (code) => {
    if (code !== 0) connection.destroy(new Error(words.trim() || `connection to port ${String(port)} failed`))
  })
  return connection
}
