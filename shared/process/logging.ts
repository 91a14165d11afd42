import { destination, pino, stdTimeFunctions } from 'pino'
import type { Logger } from '../machinery/logger.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A logger of JSON lines, to stderr or to a file that it appends to. Errors go under the field `err`. */
export function createLogger(program: string, options: { level?: LogLevel; file?: string } = {}): Logger {
  const { level = 'info', file } = options
  // synchronous: the last words before an exit are the ones that matter
  const target = destination({ dest: file ?? 2, sync: true, mkdir: true })
  return pino(
    {
      level,
      base: { program },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  )
}
