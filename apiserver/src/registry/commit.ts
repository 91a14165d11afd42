import { clone } from '@kubets/shared/machinery/deep.ts'
import { serverTimeout } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { atRevision, encode } from '../storage/encoded.ts'
import type { ObjectWrite } from '../storage/storage.ts'
import type { Encoded } from '../storage/types.ts'
import { behaviourOf } from './behaviour.ts'
import type { Context } from './context.ts'
import { keyOf, resourceOf, toStored } from './stored.ts'
import type { RequestScope } from './types.ts'

/** One change of one object, in the kind's shape. */
export interface ObjectChange {
  name: string
  /** As stored; undefined: it must not exist. */
  old: Encoded | undefined
  /** undefined: it is deleted. */
  next: KubeObject | undefined
}

export type Committed =
  | { committed: true; encoded: Encoded }
  /** Another writer was quicker: what there is now, as stored. */
  | { committed: false; current: Encoded | undefined }

const maxPlans = 20

/**
 * Writes a change together with what its resource's behaviour adds to it. The answer is as stored; a dry run's is what
 * would be.
 */
export async function commit(context: Context, scope: RequestScope, change: ObjectChange): Promise<Committed> {
  const { storage, behaviours } = context
  const { old } = change
  const resource = resourceOf(scope.kind)
  const key = keyOf(scope, change.name)
  const behaviour = behaviourOf(behaviours, scope.kind)
  const next = change.next && (await toStored(scope.kind, change.next, scope.signal))
  const avoid = new Set<string>()
  for (let attempt = 0; attempt < maxPlans; attempt++) {
    // planned on a copy: an attempt that fails must not leave its picks behind
    const planned = behaviour.plan && next ? clone(next) : next
    const companions = behaviour.plan?.(old?.object, planned, avoid)
    if (scope.dryRun) return { committed: true, encoded: dryRunResult(old, planned) }
    const write: ObjectWrite = {
      resource,
      key,
      object: planned,
      expect: Number(old?.resourceVersion ?? 0),
      ...(behaviour.ttlSeconds === undefined ? {} : { ttlSeconds: behaviour.ttlSeconds }),
    }
    const result = await storage.commit([write, ...(companions?.writes ?? [])])
    if (result.committed) {
      const encoded = result.encoded[0] ?? (old && atRevision(old, result.revision))
      if (encoded) return { committed: true, encoded }
      throw new Error('a write of nothing')
    }
    const [current, ...others] = result.current
    if (Number(current?.resourceVersion ?? 0) !== write.expect) return { committed: false, current }
    for (const [index, companion] of (companions?.writes ?? []).entries()) {
      if (Number(others[index]?.resourceVersion ?? 0) === companion.expect) continue
      const error = companions?.taken(companion)
      if (error) throw error
      avoid.add(companion.key)
    }
  }
  throw serverTimeout(scope.kind, old ? 'update' : 'create', 1)
}

// a dry run of a create has no resourceVersion, as upstream
function dryRunResult(old: Encoded | undefined, planned: KubeObject | undefined): Encoded {
  if (!planned && old) return old
  if (!planned) throw new Error('a write of nothing')
  const resourceVersion = old && { resourceVersion: old.resourceVersion }
  return encode({ ...planned, metadata: { ...planned.metadata, ...resourceVersion } })
}
