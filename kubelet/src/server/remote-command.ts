import { pipeline } from 'node:stream/promises'
import type { StreamSession } from '../runtime/types.ts'
import { errorStatus, exitStatus, type RemoteStreams } from './remote-streams.ts'

/**
 * Joins a client's streams with a running exec or attach until the process has ended and its output is sent, then
 * tells the client how it ended. When the client goes first the session is given up.
 */
export async function serveSession(
  remote: RemoteStreams,
  start: (signal: AbortSignal) => Promise<StreamSession>,
): Promise<void> {
  const signal = remote.gone
  let session: StreamSession
  try {
    session = await start(signal)
  } catch (error) {
    await remote.finish(errorStatus(error instanceof Error ? error.message : String(error)))
    return
  }
  signal.addEventListener('abort', () => session.close(), { once: true })
  remote.onResize((size) => void session.resize(size.width, size.height).catch(() => {}))
  // Input may stay open for ever; it ends with the session, not the session with it.
  if (remote.stdin && session.stdin) void pipeline(remote.stdin, session.stdin, { signal }).catch(() => {})
  const outputs = [
    session.stdout && remote.stdout ? pipeline(session.stdout, remote.stdout, { signal }) : undefined,
    session.stderr && remote.stderr ? pipeline(session.stderr, remote.stderr, { signal }) : undefined,
  ]
  const ended = await Promise.allSettled([session.done, ...outputs])
  const exit = ended[0]
  await remote.finish(
    exit.status === 'fulfilled' ? exitStatus(exit.value) : errorStatus(String((exit.reason as Error).message)),
  )
}
