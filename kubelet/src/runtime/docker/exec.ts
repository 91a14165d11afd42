import { Writable, type Duplex, type Readable } from 'node:stream'
import type { AttachOptions, ExecOptions, ExecResult, StreamSession } from '../types.ts'
import { RuntimeError } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { inspectContainer } from './containers.ts'
import { demultiplex } from './demux.ts'

/** Runs a command in a container with its streams connected. */
export async function exec(
  context: DockerContext,
  id: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<StreamSession> {
  const created = await call(context, signal, limits.read, (abortSignal) =>
    context.docker.getContainer(id).exec({
      Cmd: [...options.command],
      AttachStdin: options.stdin,
      AttachStdout: options.stdout,
      AttachStderr: options.stderr && !options.tty,
      Tty: options.tty,
      abortSignal,
    }),
  )
  const socket = await call(context, signal, limits.read, (abortSignal) =>
    created.start({ hijack: true, stdin: options.stdin, Tty: options.tty, abortSignal }),
  )
  return session(socket, options.tty, options.stdin, signal, {
    resize: (w, h) => call(context, signal, limits.read, (abortSignal) => created.resize({ w, h, abortSignal })),
    exitCode: () => execExitCode(context, created, signal),
  })
}

// the stream may end a moment before Docker has noted the exit code
async function execExitCode(
  context: DockerContext,
  created: { inspect(options: { abortSignal: AbortSignal }): Promise<{ Running: boolean; ExitCode: number | null }> },
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const info = await call(context, signal, limits.read, (abortSignal) => created.inspect({ abortSignal }))
    if (!info.Running) return info.ExitCode ?? 0
    await context.clock.sleep(Math.min(10 << attempt, 500), signal)
  }
  throw new RuntimeError('Unknown', 'the command closed its output but did not end')
}

/** Connects to the streams of a container's main process. */
export async function attach(
  context: DockerContext,
  id: string,
  options: AttachOptions,
  signal: AbortSignal,
): Promise<StreamSession> {
  const container = context.docker.getContainer(id)
  const info = await inspectContainer(context, id, signal)
  if (!info.State.Running) throw new RuntimeError('Conflict', `container ${id} is not running`)
  const tty = info.Config.Tty
  const socket = await call(context, signal, limits.read, (abortSignal) =>
    container.attach({
      stream: true,
      hijack: true,
      stdin: options.stdin,
      stdout: options.stdout,
      stderr: options.stderr && !tty,
      abortSignal,
    }),
  )
  const attached = session(socket, tty, options.stdin, signal, {
    resize: (w, h) => call(context, signal, limits.read, (abortSignal) => container.resize({ w, h, abortSignal })),
    // how the container ended is for its status to say. cri/streaming/remotecommand/attach.go ServeAttach
    exitCode: () => Promise.resolve(0),
  })
  // at the end of the input Docker also ends the output, but where the container's own input ends with it
  const endsInput = info.Config.StdinOnce && !tty
  return attached.stdin && !endsInput ? { ...attached, stdin: lasting(attached.stdin) } : attached
}

/** Hands on what is written, but not its end. */
function lasting(stream: Writable): Writable {
  return new Writable({ write: (chunk: Buffer, _encoding, done) => void stream.write(chunk, done) })
}

function session(
  stream: NodeJS.ReadWriteStream,
  tty: boolean,
  stdin: boolean,
  signal: AbortSignal,
  ask: { resize(width: number, height: number): Promise<unknown>; exitCode(): Promise<number> },
): StreamSession {
  const socket = stream as Duplex
  const onAbort = (): void => void socket.destroy(new Error('aborted'))
  signal.addEventListener('abort', onAbort, { once: true })
  const outputs = demultiplex(socket as Readable, tty)
  const done = outputs.finished.then(ask.exitCode).finally(() => {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  })
  done.catch(() => undefined)
  return {
    stdin: stdin ? socket : undefined,
    stdout: outputs.stdout,
    stderr: tty ? undefined : outputs.stderr,
    resize: async (width, height) => {
      if (tty) await ask.resize(width, height)
    },
    done,
    close: () => void socket.destroy(),
  }
}

// pkg/probe/exec/exec.go maxReadLength, doubled: probes need no more
const keptOutput = 16 * 1024

/** Runs a command to its end and keeps the beginning of what it says. */
export async function execSync(
  context: DockerContext,
  id: string,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ExecResult> {
  const limit = new AbortController()
  const timeout = new RuntimeError('Timeout', `command ${JSON.stringify(command.join(' '))} timed out`)
  const cancel = context.clock.timer(timeoutMs, () => limit.abort(timeout))
  const stop = AbortSignal.any([signal, limit.signal])
  try {
    const options = { command, stdin: false, stdout: true, stderr: true, tty: false }
    const running = await exec(context, id, options, stop)
    const [stdout, stderr, exitCode] = await Promise.all([keep(running.stdout), keep(running.stderr), running.done])
    return { stdout, stderr, exitCode }
  } catch (error) {
    throw limit.signal.aborted ? timeout : error
  } finally {
    cancel()
  }
}

async function keep(stream: Readable | undefined): Promise<Buffer> {
  const kept: Buffer[] = []
  let size = 0
  for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) {
    if (size < keptOutput) kept.push(chunk.subarray(0, keptOutput - size))
    size += chunk.length
  }
  return Buffer.concat(kept)
}
