import type { Readable } from 'node:stream'
import type { LogOptions, LogStreams } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { inspectContainer } from './containers.ts'
import { demultiplex } from './demux.ts'

/** What the container wrote, from Docker's own log. */
export async function containerLogs(
  context: DockerContext,
  id: string,
  options: LogOptions,
  signal: AbortSignal,
): Promise<LogStreams> {
  const info = await inspectContainer(context, id, signal)
  const stream = await call(context, signal, limits.read, (abortSignal) => openLog(context, id, options, abortSignal))
  const onAbort = (): void => void stream.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  const outputs = demultiplex(stream, info.Config.Tty)
  void outputs.finished.catch(() => undefined).finally(() => signal.removeEventListener('abort', onAbort))
  return { stdout: outputs.stdout, stderr: outputs.stderr, close: () => void stream.destroy() }
}

// dockerode's own method reads a log that is not followed into one buffer, whatever its size
function openLog(context: DockerContext, id: string, options: LogOptions, abortSignal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<Readable>()
  const question = {
    path: `/containers/${id}/logs?`,
    method: 'GET',
    isStream: true,
    abortSignal,
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
    options: {
      follow: options.follow,
      stdout: true,
      stderr: true,
      timestamps: options.timestamps,
      ...(options.tail === undefined ? {} : { tail: options.tail }),
      ...(options.since === undefined ? {} : { since: (options.since / 1000).toFixed(3) }),
    },
  }
  const answer = (error: Error | null, stream: unknown): void => {
    if (error) reject(error)
    else resolve(stream as Readable)
  }
  ;(context.docker.modem as { dial(q: typeof question, answer: unknown): void }).dial(question, answer)
  return promise
}
