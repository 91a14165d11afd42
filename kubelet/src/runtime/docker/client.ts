import Docker from 'dockerode'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { RuntimeError } from '../types.ts'

/** Docker turns the log of a container over by itself. KubeletConfiguration containerLogMaxSize, containerLogMaxFiles */
export interface LogFiles {
  /** Any size if negative. */
  maxBytes: number
  maxFiles: number
}

/** What every file of the Docker runtime works with. */
export interface DockerContext {
  docker: Docker
  socketPath: string
  nodeName: string
  /** Image of the sandbox container. */
  infraImage: string
  /** Docker network of Pods that do not use the host's. */
  networkName: string
  /** Whether this machine lets a process have a negative oom_score_adj. */
  negativeOomScores: boolean
  /** How much of its log Docker keeps for a container; the kubelet's defaults when absent. */
  logFiles?: LogFiles
  clock: Clock
  log: Logger
}

/** Time limits of calls to Docker in milliseconds. */
export const limits = {
  /** Reads. */
  read: 15_000,
  /** Calls that make or remove something. */
  write: 120_000,
  /** A pull that makes no progress for so long has failed. */
  pullProgress: 60_000,
} as const

/** A client for the socket, given as a path or as unix:///path. */
export function createDocker(endpoint: string): { docker: Docker; socketPath: string } {
  const socketPath = endpoint.replace(/^unix:\/\//, '')
  return { docker: new Docker({ socketPath }), socketPath }
}

/**
 * Runs one call to Docker, which must pass the given signal on. Rejects with RuntimeError: Unavailable when nobody
 * answers on the socket, Timeout after `limitMs`, else what Docker said; with the caller's reason when it aborted.
 */
export async function call<T>(
  context: DockerContext,
  signal: AbortSignal,
  limitMs: number,
  run: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const abort = new AbortController()
  // the modem forgets the callback when the answer is cut off in the middle, so the race is ours
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = (reason: unknown): void => {
    reject(reason)
    abort.abort()
  }
  const onAbort = (): void => stop(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const cancel = context.clock.timer(limitMs, () =>
    stop(new RuntimeError('Timeout', `Docker did not answer within ${limitMs / 1000}s`)),
  )
  try {
    return await Promise.race([run(abort.signal), stopped])
  } catch (error) {
    if (error === signal.reason) throw error
    throw asRuntimeError(error, context.socketPath)
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

interface DockerFailure {
  statusCode?: number
  json?: { message?: string } | null
  code?: string
  message: string
}

/** Any error of the Docker client as RuntimeError, with Docker's own words. */
export function asRuntimeError(error: unknown, socketPath: string): RuntimeError {
  if (error instanceof RuntimeError) return error
  const failure = error as DockerFailure
  if (failure.statusCode !== undefined) {
    const said = failure.json?.message ?? failure.message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
    const code = failure.statusCode === 404 ? 'NotFound' : failure.statusCode === 409 ? 'Conflict' : 'Unknown'
    return new RuntimeError(code, `Error response from daemon: ${said}`, { cause: error })
  }
  if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES'].includes(failure.code ?? '')) {
    const text = `Cannot connect to the Docker daemon at unix://${socketPath}. Is the docker daemon running?`
    return new RuntimeError('Unavailable', text, { cause: error })
  }
  return new RuntimeError('Unknown', failure.message ?? String(error), { cause: error })
}
