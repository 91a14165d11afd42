import { open } from 'node:fs/promises'
import type { ContainerStatus, PodSandboxStatus, RuntimeService } from '../runtime/types.ts'
import { isRuntimeNotFound, RuntimeError } from '../runtime/types.ts'
import { keys, type PodRuntimeState } from './model.ts'

type Reading = Pick<
  RuntimeService,
  'listPodSandbox' | 'listContainers' | 'podSandboxStatus' | 'containerStatus' | 'containerLogs'
>

/** Reads what the runtime has of one Pod; what cannot change any more is asked for once. */
export class PodStateReader {
  readonly #runtime: Reading
  readonly #podUid: string
  #sandboxes = new Map<string, PodSandboxStatus>()
  #containers = new Map<string, ContainerStatus>()

  /** Ids of what is said to have ended: Docker's list shows it as running for a while yet, a look at it alone does not. */
  #ended = new Set<string>()

  constructor(runtime: Reading, podUid: string) {
    this.#runtime = runtime
    this.#podUid = podUid
  }

  /** A sandbox or container has ended, as an event says. */
  ended(id: string): void {
    this.#ended.add(id)
  }

  async read(signal: AbortSignal): Promise<PodRuntimeState> {
    const filter = { podUid: this.#podUid }
    const ended = new Set(this.#ended)
    const [listedSandboxes, listedContainers] = await Promise.all([
      this.#runtime.listPodSandbox(filter, signal),
      this.#runtime.listContainers(filter, signal),
    ])
    const sandboxes = await Promise.all(
      listedSandboxes.map((one) => {
        const known = this.#sandboxes.get(one.id)
        return known?.state === one.state && !ended.has(one.id)
          ? Promise.resolve(known)
          : orGone(this.#runtime.podSandboxStatus(one.id, signal))
      }),
    )
    const containers = await Promise.all(
      listedContainers.map((one) => {
        const known = this.#containers.get(one.id)
        // a container that was made may be about to start
        if (known?.state === one.state && one.state !== 'CONTAINER_CREATED' && !ended.has(one.id))
          return Promise.resolve(known)
        return orGone(this.#status(one.id, signal))
      }),
    )
    const state = { sandboxes: sandboxes.filter(isThere), containers: containers.filter(isThere) }
    state.sandboxes.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
    state.containers.sort((a, b) => b.createdAt - a.createdAt)
    this.#sandboxes = new Map(state.sandboxes.map((one) => [one.id, one]))
    this.#containers = new Map(state.containers.map((one) => [one.id, one]))
    for (const id of ended) this.#ended.delete(id)
    return state
  }

  async #status(id: string, signal: AbortSignal): Promise<ContainerStatus> {
    const status = await this.#runtime.containerStatus(id, signal)
    if (status.state !== 'CONTAINER_EXITED') return status
    const said = [status.message, await lastWords(this.#runtime, status, signal)].filter((text) => text !== '')
    return { ...status, message: said.join(': ') }
  }
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}

// what was there in the list may be gone when it is asked for
async function orGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isRuntimeNotFound(error)) return undefined
    throw error
  }
}

// pkg/kubelet/container/runtime.go MaxContainerTerminationMessageLength and its siblings for logs
const maxMessage = 4096
const maxFromLog = 2048
const maxLogLines = 80

/** What the container left in its termination log, or, if it asks for that, at the end of its log. */
// pkg/kubelet/kuberuntime/kuberuntime_container.go getTerminationMessage
async function lastWords(runtime: Reading, status: ContainerStatus, signal: AbortSignal): Promise<string> {
  const path = status.labels[keys.terminationMessagePath]
  const hostPath = status.mounts.find((mount) => mount.containerPath === path)?.hostPath
  const said = hostPath === undefined ? '' : await readEnd(hostPath)
  const fromLog = status.labels[keys.terminationMessagePolicy] === 'FallbackToLogsOnError'
  const failed = status.exitCode !== 0 || status.reason === 'ContainerCannotRun'
  if (said !== '' || !fromLog || !failed) return said
  const options = { follow: false, timestamps: false, tail: maxLogLines }
  try {
    return await endOfLog(await runtime.containerLogs(status.id, options, signal))
  } catch (error) {
    // Docker has no log of what is just being removed; the Pod's other containers are read all the same
    const isRefused = error instanceof RuntimeError && ['Conflict', 'Unknown'].includes(error.code)
    if (!isRefused) throw error
    return `Error on reading termination message from logs: ${error.message}`
  }
}

async function endOfLog({ stdout, stderr }: Awaited<ReturnType<Reading['containerLogs']>>): Promise<string> {
  // both outputs as they came
  let kept = Buffer.alloc(0)
  const keep = async (stream: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of stream) kept = Buffer.concat([kept, chunk]).subarray(-maxFromLog)
  }
  await Promise.all([keep(stdout), keep(stderr)])
  return kept.toString('utf8')
}

// pkg/util/tail/tail.go ReadAtMost: of what is longer the end counts
async function readEnd(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (!handle) return ''
  try {
    const { size } = await handle.stat()
    const buffer = Buffer.alloc(maxMessage)
    const { bytesRead } = await handle.read(buffer, 0, maxMessage, Math.max(0, size - maxMessage))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
