// When the node last shut down, over restarts. pkg/kubelet/nodeshutdown/storage.go
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Gauge, type Registry } from 'prom-client'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

/** When it began and was over, in milliseconds since the epoch; undefined where that never was. */
export interface ShutdownTimes {
  start?: number
  end?: number
}

export interface ShutdownMetrics {
  tell(times: ShutdownTimes): void
}

// as Go writes a time that is none
const never = '0001-01-01T00:00:00Z'

/** The file of the node whose folder this is. */
export function shutdownStateFile(rootDir: string): string {
  return path.join(rootDir, 'graceful_node_shutdown_state')
}

/** Rejects when the file is there and cannot be read. */
export async function readTimes(file: string): Promise<ShutdownTimes> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}'
    throw error
  })
  const said: unknown = JSON.parse(text)
  const time = (name: string): number | undefined => {
    const value = isObject(said) ? said[name] : undefined
    return typeof value === 'string' && value !== never ? parseTime(value) : undefined
  }
  return { start: time('startTime'), end: time('endTime') }
}

/** As upstream does: a reader finds the whole of it, or what was there before. */
export async function writeTimes(file: string, { start, end }: ShutdownTimes): Promise<void> {
  const text = (ms: number | undefined): string => (ms === undefined ? never : new Date(ms).toISOString())
  const temporary = path.join(path.dirname(file), `.tmp-${path.basename(file)}`)
  await writeFile(temporary, JSON.stringify({ startTime: text(start), endTime: text(end) }), {
    mode: 0o644,
    flush: true,
  })
  await rename(temporary, file)
}

/** pkg/kubelet/metrics/metrics.go GracefulShutdownStartTime, GracefulShutdownEndTime */
export function shutdownMetrics(register: Registry): ShutdownMetrics {
  const gauge = (what: 'start' | 'end'): Gauge =>
    new Gauge({
      name: `kubelet_graceful_shutdown_${what}_time_seconds`,
      help: `[ALPHA] Last graceful shutdown ${what} time since unix epoch in seconds`,
      registers: [register],
    })
  const [started, ended] = [gauge('start'), gauge('end')]
  const seconds = (ms = 0): number => Math.floor(ms / 1000)
  return {
    tell({ start, end }) {
      started.set(seconds(start))
      ended.set(seconds(end))
    },
  }
}
