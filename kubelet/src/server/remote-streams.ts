import type { Readable, Writable } from 'node:stream'

/** A terminal's size in characters. apimachinery remotecommand.TerminalSize. */
export interface TerminalSize {
  readonly width: number
  readonly height: number
}

/** What the client asked for: which streams it will use. Query parameters of exec and attach. */
export interface StreamRequest {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** The client's end of an exec or attach, whatever the wire: SPDY streams or WebSocket channels. */
export interface RemoteStreams {
  readonly stdin: Readable | undefined
  readonly stdout: Writable | undefined
  readonly stderr: Writable | undefined
  /** Calls back with each size the client's terminal takes. */
  onResize(handle: (size: TerminalSize) => void): void
  /** Sends the final Status (JSON) and closes everything once it is sent. */
  finish(status: string): Promise<void>
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal
}

/** kubelet/pkg/cri/streaming/remotecommand/httpstream.go NewOptions: with a tty there is no stderr. */
export function streamRequest(query: URLSearchParams): StreamRequest {
  const flag = (name: string): boolean => query.get(name) === '1' || query.get(name) === 'true'
  const tty = flag('tty')
  return { stdin: flag('input'), stdout: flag('output'), stderr: flag('error') && !tty, tty }
}

/** The Status that tells the client how a command ended. cri/streaming/remotecommand/exec.go ServeExec. */
export function exitStatus(exitCode: number): string {
  if (exitCode === 0) return JSON.stringify({ metadata: {}, status: 'Success' })
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${String(exitCode)}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  })
}

/** The Status for a command that could not be run. */
export function errorStatus(message: string): string {
  return JSON.stringify({ metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 })
}

/** Reads the sizes a client sends as JSON, one object after another (a terminal may send several in one chunk). */
export function parseSizes(text: string): TerminalSize[] {
  const sizes: TerminalSize[] = []
  for (const part of text.match(/\{[^{}]*\}/g) ?? []) {
    try {
      const { Width, Height } = JSON.parse(part) as { Width?: unknown; Height?: unknown }
      if (typeof Width === 'number' && typeof Height === 'number') sizes.push({ width: Width, height: Height })
    } catch {
      // Not a size: a client's slip of the pen must not end its session.
    }
  }
  return sizes
}
