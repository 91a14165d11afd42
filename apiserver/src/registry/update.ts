import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { conflict, invalid } from '@kubets/shared/machinery/errors.ts'
import { apiVersionOf, type KubeObject } from '@kubets/shared/machinery/object.ts'
import { unhurried } from '@kubets/shared/machinery/slices.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Encoded } from '../storage/types.ts'
import { freezeUnhurried, mutate, validate } from './admit.ts'
import { behaviourOf } from './behaviour.ts'
import { commit } from './commit.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { sameButTimes, trackFields } from './managed-fields.ts'
import { lockMessage, matchName, matchNamespace, matchState, matchUid, uidMessage } from './metadata.ts'
import { keyOf, missing, oneAsKind, resourceOf } from './stored.ts'
import { strategyFor } from './subresources.ts'
import type { Change, RequestScope, UpdateOptions, UpdateResult } from './types.ts'

/**
 * How often a change is made again because another writer was quicker: upstream goes on for as long as the request may
 * last, and each failure is another's success.
 */
const maxAttempts = 1000

/** Stores a changed object, or one of its subresources. */
// apiserver/pkg/registry/generic/registry/store.go Update, storage/etcd3/store.go GuaranteedUpdate
export async function update(
  context: Context,
  scope: RequestScope,
  name: string,
  change: Change,
  options: UpdateOptions = {},
): Promise<UpdateResult> {
  const { storage } = context
  const resource = resourceOf(scope.kind)
  const key = keyOf(scope, name)
  const readCertain = async (): Promise<Seen> => ({ old: await storage.read(resource, key), certain: true })
  const cached = storage.resource(resource).get(key)
  let seen: Seen = cached ? { old: cached, certain: false } : await readCertain()
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    scope.signal.throwIfAborted()
    const { old, certain } = seen
    if (!old) {
      if (!mayCreate(scope, options)) throw missing(scope.kind, name)
      return { encoded: await createInstead(context, scope, name, change, options), created: true }
    }
    let problem: unknown
    try {
      const next = await makeNext(context, scope, name, change, options, old)
      if (!next.unchanged) {
        const result = await commit(context, scope, { name, old, next: next.object })
        if (result.committed)
          return { encoded: await oneAsKind(scope.kind, result.encoded, scope.signal), created: false }
        seen = { old: result.current, certain: true }
        continue
      }
    } catch (error) {
      if (certain) throw error
      problem = error
    }
    // what follows from a cache that may be a moment behind is believed only when etcd has nothing newer
    if (!certain) seen = await readCertain()
    if (seen.old?.resourceVersion !== old.resourceVersion) continue
    if (problem !== undefined) throw problem
    return { encoded: await oneAsKind(scope.kind, old, scope.signal), created: false }
  }
  throw conflict(scope.kind, name, lockMessage)
}

/** `certain`: etcd itself said so; else the cache. */
interface Seen {
  old: Encoded | undefined
  certain: boolean
}

function mayCreate({ kind }: RequestScope, { createOnUpdate, apply, subresource }: UpdateOptions): boolean {
  if (subresource) return false
  return apply === true || (createOnUpdate === true && kind.createOnUpdate)
}

async function createInstead(
  context: Context,
  scope: RequestScope,
  name: string,
  change: Change,
  { apply, beforeCreate }: UpdateOptions,
): Promise<Encoded> {
  const empty = { apiVersion: '', kind: '', metadata: {} }
  const object = typeof change === 'function' ? await change(empty) : structuredClone(change)
  matchName(object, name)
  // the object was meant to exist with this identity
  const { uid } = object.metadata
  if (uid) throw conflict(scope.kind, name, apply ? unexpectedUid(uid) : uidMessage(uid, ''))
  delete object.metadata.resourceVersion
  beforeCreate?.()
  return create(context, scope, object, { managed: apply })
}

// apiserver/pkg/endpoints/handlers/patch.go applyPatch
const unexpectedUid = (uid: string): string =>
  `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`

/** A copy; of a huge object in two steps: who owns its fields, and the rest. */
async function cloneUnhurried(object: KubeObject, clock: Clock): Promise<KubeObject> {
  const { managedFields, ...metadata } = object.metadata
  const copy: KubeObject = await unhurried(() => clone({ ...object, metadata }), clock)
  if (managedFields !== undefined) copy.metadata.managedFields = await unhurried(() => clone(managedFields), clock)
  return copy
}

type Next = { unchanged: true } | { unchanged: false; object: KubeObject | undefined }

async function makeNext(
  context: Context,
  scope: RequestScope,
  name: string,
  change: Change,
  { subresource = '', apply = false }: UpdateOptions,
  stored: Encoded,
): Promise<Next> {
  const { kind } = scope
  const { clock } = context
  const old = (await oneAsKind(kind, stored, scope.signal)).object
  const strategy = strategyFor(subresource)
  const copy = await cloneUnhurried(typeof change === 'function' ? old : change, clock)
  const object = typeof change === 'function' ? await change(copy) : copy
  matchName(object, name)
  matchNamespace(scope, object)
  // a patch has no object of its own: another uid in it is a field that may not change
  if (typeof change !== 'function') matchUid(kind, object, old)
  matchState(kind, object, old)
  kind.defaults?.(object, clock.now())
  // a change of the Scale has done this itself
  if (!apply && subresource !== 'scale') await trackFields(scope, subresource, object, old, clock)
  const admitted = { operation: 'UPDATE' as const, name, subresource, object, old }
  await mutate(scope, admitted)
  kind.defaults?.(object, clock.now())
  strategy.prepare(kind, object, old, formatTime(clock.now()))
  const errors = await unhurried(() => strategy.validate(kind, object, old), clock)
  if (errors.length > 0) throw invalid(kind, name, errors)
  if (subresource === '') for (const text of kind.warningsOf?.(object, old) ?? []) scope.warn(text)
  await freezeUnhurried(scope, object, clock)
  await validate(scope, admitted)
  if (mayGo(context, scope, object, old)) return { unchanged: false, object: undefined }
  // what is stored in another version than it would be now is written again
  const current = !kind.storedAs || stored.object.apiVersion === apiVersionOf(kind.storedAs)
  const unchanged = current && (await unhurried(() => sameButTimes(object, old), clock))
  return unchanged ? { unchanged } : { unchanged, object }
}

/** Nothing holds it any more: the update that took the last finalizer deletes it. */
// apiserver/pkg/registry/generic/registry/store.go ShouldDeleteDuringUpdate
function mayGo({ behaviours }: Context, { kind }: RequestScope, object: KubeObject, old: KubeObject): boolean {
  if (!old.metadata.deletionTimestamp || (object.metadata.finalizers?.length ?? 0) > 0) return false
  if ((old.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false
  return behaviourOf(behaviours, kind).mayGo?.(object) ?? true
}
