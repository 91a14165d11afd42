interface LogMethod {
  (message: string): void
  (fields: object, message?: string): void
}

/** What programs log through; process/logging.ts makes the real one. */
export interface Logger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

const nothing = (): void => undefined

/** A logger that says nothing, for tests. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
