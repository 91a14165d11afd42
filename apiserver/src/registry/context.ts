import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Storage } from '../storage/storage.ts'
import type { Behaviours } from './behaviour.ts'

/** What the registry's operations work with. */
export interface Context {
  storage: Storage
  clock: Clock
  log: Logger
  behaviours: Behaviours
}
