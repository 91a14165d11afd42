import { pipeline, type Readable } from 'node:stream'
import type { LogOptions, LogStreams } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { inspectContainer } from './containers.ts'
import { demultiplex } from './demux.ts'
import { onceOnly } from './once-only.ts'

/** What the container wrote, from Docker's own log. */
export async function containerLogs(
  context: DockerContext,
  id: string,
  options: LogOptions,
  signal: AbortSignal,
): Promise<LogStreams> {
  const info = await inspectContainer(context, id, signal)
  const { Tty: tty } = info.Config
  // a terminal's output is no lines that could be known again
  const again = options.follow && !tty
  const asked = again ? { ...options, timestamps: true } : options
  const stream = await call(context, signal, limits.read, (abortSignal) => openLog(context, id, asked, abortSignal))
  const onAbort = (): void => void stream.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  const outputs = demultiplex(stream, tty)
  void outputs.finished.catch(() => undefined).finally(() => signal.removeEventListener('abort', onAbort))
  const of = (output: Readable): Readable => (again ? withoutRepeats(output, options.timestamps) : output)
  return { stdout: of(outputs.stdout), stderr: of(outputs.stderr), close: () => void stream.destroy() }
}

function withoutRepeats(output: Readable, timestamps: boolean): Readable {
  const lines = onceOnly(timestamps)
  // how it ends is told by what is read here
  pipeline(output, lines, () => undefined)
  return lines
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
