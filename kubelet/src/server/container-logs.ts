import { Readable } from 'node:stream'
import type { ContainerStatus as ApiContainerStatus, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { Container, LogOptions, RuntimeService } from '../runtime/types.ts'
import { ServerError } from './pods.ts'

/** PodLogOptions as query parameters. pkg/apis/core/v1 PodLogOptions, kubelet/server.go getContainerLogs */
export interface LogQuery extends LogOptions {
  readonly previous: boolean
  readonly limitBytes: number | undefined
  readonly stream: 'All' | 'Stdout' | 'Stderr'
}

/** @param now milliseconds since the epoch. @throws ServerError 422 for a value that is no number or time. */
export function parseLogQuery(query: URLSearchParams, now: number): LogQuery {
  const flag = (name: string): boolean => query.get(name) === 'true' || query.get(name) === '1'
  const number = (name: string, least: number): number | undefined => {
    const text = query.get(name)
    if (text === null || text === '') return undefined
    const value = Number(text)
    if (!Number.isInteger(value) || value < least) {
      throw new ServerError(422, `Invalid value: "${text}": ${name} must be greater than or equal to ${String(least)}`)
    }
    return value
  }
  // an old name, with a word for no limit
  const before = query.get('tail')
  if (before !== null && before !== '') query.set('tailLines', before === 'all' ? '' : before)
  const tail = number('tailLines', 0)
  const since = sinceTime(query.get('sinceTime'), number('sinceSeconds', 1), now)
  const stream = query.get('stream') ?? 'All'
  if (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') {
    throw new ServerError(422, `Unsupported value: "${stream}": supported values: "All", "Stderr", "Stdout"`)
  }
  return {
    follow: flag('follow'),
    timestamps: flag('timestamps'),
    previous: flag('previous'),
    limitBytes: number('limitBytes', 1),
    stream,
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since }),
  }
}

function sinceTime(time: string | null, seconds: number | undefined, now: number): number | undefined {
  if (seconds !== undefined) return now - seconds * 1000
  if (time === null || time === '') return undefined
  const parsed = parseTime(time)
  if (!Number.isFinite(parsed))
    throw new ServerError(422, `Invalid value: "${time}": sinceTime must be an RFC 3339 time`)
  return parsed
}

/**
 * Which container's log is meant: the newest one of that name, or with `previous` the one that its status tells of as last.
 * @throws ServerError 400 with upstream's reasons. pkg/kubelet/kubelet_pods.go validateContainerLogStatus
 */
export function chooseContainer(
  pod: Pod,
  name: string,
  containers: readonly Container[],
  previous: boolean,
): Container {
  const podName = pod.metadata.name ?? ''
  const mine = containers.filter((one) => one.name === name).toSorted((a, b) => b.attempt - a.attempt)
  // while a container waits for its next start, the one that ended last is the previous one
  const before = containerStatus(pod, name)?.lastState?.terminated?.containerID
  const chosen = previous
    ? (mine.find(({ id }) => before?.endsWith(id)) ?? mine[1])
    : mine.find((one) => one.state !== 'CONTAINER_CREATED')
  if (chosen) return chosen
  if (previous) throw new ServerError(400, `previous terminated container "${name}" in pod "${podName}" not found`)
  const waiting = containerStatus(pod, name)?.state?.waiting
  if (waiting === undefined) throw new ServerError(400, `container "${name}" in pod "${podName}" is not available`)
  const reason = waiting.reason ?? ''
  if (reason === 'ErrImagePull') {
    throw new ServerError(400, `container "${name}" in pod "${podName}" is waiting to start: image can't be pulled`)
  }
  if (reason === 'ImagePullBackOff') {
    throw new ServerError(
      400,
      `container "${name}" in pod "${podName}" is waiting to start: trying and failing to pull image`,
    )
  }
  throw new ServerError(400, `container "${name}" in pod "${podName}" is waiting to start: ${reason}`)
}

function containerStatus(pod: Pod, name: string): ApiContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {}
  return [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]
    .flatMap((list) => list ?? [])
    .find((one) => one.name === name)
}

/** Whether the Pod declares a container of that name, of whatever kind. */
export function declaresContainer(pod: Pod, name: string): boolean {
  const { containers, initContainers, ephemeralContainers } = pod.spec
  return [containers, initContainers ?? [], ephemeralContainers ?? []].some((list) =>
    list.some((one) => one.name === name),
  )
}

/** A container's log as one byte stream, both outputs interleaved as they come, cut at `limitBytes`. */
export async function openLog(
  runtime: RuntimeService,
  container: Container,
  query: LogQuery,
  signal: AbortSignal,
): Promise<Readable> {
  const streams = await runtime.containerLogs(container.id, query, signal)
  const unwanted = query.stream === 'Stdout' ? streams.stderr : query.stream === 'Stderr' ? streams.stdout : undefined
  const wanted = [streams.stdout, streams.stderr].filter((one) => one !== unwanted)
  unwanted?.resume()
  const out = new Readable({
    read: () => wanted.forEach((one) => one.resume()),
    destroy: (error, done) => {
      streams.close()
      done(error)
    },
  })
  let open = wanted.length
  let left = query.limitBytes ?? Infinity
  for (const one of wanted) {
    one.on('data', (chunk: Buffer) => {
      const part = chunk.length > left ? chunk.subarray(0, left) : chunk
      left -= part.length
      if (part.length > 0 && !out.push(part)) wanted.forEach((each) => each.pause())
      if (left === 0) out.push(null)
    })
    one.on('error', (error) => out.destroy(error))
    one.on('end', () => {
      if (--open === 0 && left > 0) out.push(null)
    })
  }
  return out
}
