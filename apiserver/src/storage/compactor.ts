import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { CompactedError } from './etcd-errors.ts'
import type { Etcd } from './etcd.ts'

/** How long etcd's past is kept. apiserver/pkg/storage/storagebackend/config.go DefaultCompactInterval */
const intervalMs = 5 * 60_000

/**
 * Compacts etcd every five minutes to the revision of five minutes ago. A mark in etcd lets one of several apiservers do
 * it: whoever moves the mark first has the turn. Ends with the signal; failures are logged and tried at the next turn.
 */
// apiserver/pkg/storage/etcd3/compact.go compactor
export async function runCompactor(
  etcd: Etcd,
  options: { prefix: string; clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { prefix, clock, log } = options
  const key = `${prefix}/.compaction`
  let seen = 0
  while (!signal.aborted) {
    try {
      seen = await compactOnce(etcd, key, seen)
    } catch (error) {
      log.warn({ error: String(error) }, 'cannot compact etcd')
    }
    await clock.sleep(intervalMs, signal).catch(() => undefined)
  }
}

/** One turn; answers the mark's revision as it is now. `seen` is what the last turn answered, 0 at first. */
export async function compactOnce(etcd: Etcd, key: string, seen: number): Promise<number> {
  const mark = (await etcd.rangePrefix(key)).items[0]
  const markRevision = mark?.modRevision ?? 0
  // another apiserver had a turn since ours: it is the one that compacts
  if (markRevision !== seen) return markRevision
  const now = await etcd.currentRevision()
  const moved = await etcd.transact({
    compare: [{ key, modRevision: markRevision }],
    put: [{ key, value: Buffer.from(String(now)) }],
    remove: [],
  })
  const target = Number(mark?.value.toString() ?? '0')
  if (moved.succeeded && target > 0) await etcd.compact(target).catch(ignoreDone)
  return moved.succeeded ? moved.revision : (moved.current[0]?.modRevision ?? 0)
}

function ignoreDone(error: unknown): void {
  // somebody has compacted by hand, and further
  if (!(error instanceof CompactedError)) throw error
}
