import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { Informer, Lister } from '@kubets/shared/client/informer.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { CsiDrivers } from './drivers.ts'

export interface DriverUpdatesOptions {
  drivers: Pick<CsiDrivers, 'has' | 'update' | 'onChange'>
  /** The CSIDriver objects. */
  objects: Pick<Informer<CSIDriver>, 'addHandler'> & { lister: Pick<Lister<CSIDriver>, 'get'> }
  clock: Clock
  log: Logger
  lifetime: AbortSignal
}

/** How often a driver is asked how many volumes fit; 0: never. */
// csi_node_updater.go getNodeAllocatableUpdatePeriod
export const updatePeriodMs = (driver: CSIDriver | undefined): number =>
  (driver?.spec.nodeAllocatableUpdatePeriodSeconds ?? 0) * 1000

/** Asks each driver of this node how many volumes fit, as often as its CSIDriver says, and has that written down. */
// pkg/volume/csi/csi_node_updater.go
export function keepDriversUpdated({ drivers, objects, clock, log, lifetime }: DriverUpdatesOptions): void {
  const running = new Map<string, { periodMs: number; cancel: () => void }>()
  const arm = (name: string, periodMs: number): void => {
    const cancel = clock.timer(periodMs, () => {
      arm(name, periodMs)
      drivers.update(name, lifetime).catch((error: unknown) => {
        if (!lifetime.aborted)
          log.error({ driver: name, error: (error as Error).message }, 'Failed to update CSIDriver')
      })
    })
    running.set(name, { periodMs, cancel })
  }
  const sync = (name: string): void => {
    const periodMs = drivers.has(name) && !lifetime.aborted ? updatePeriodMs(objects.lister.get(name)) : 0
    const before = running.get(name)
    if (before?.periodMs === periodMs) return
    before?.cancel()
    running.delete(name)
    if (periodMs > 0) arm(name, periodMs)
  }
  const changed = ({ metadata }: CSIDriver): void => sync(metadata.name ?? '')
  objects.addHandler({ add: changed, update: (_, driver) => changed(driver), delete: changed })
  drivers.onChange(sync)
  lifetime.addEventListener('abort', () => running.forEach(({ cancel }) => cancel()), { once: true })
}
