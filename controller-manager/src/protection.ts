import type { KubeObject } from '@kubets/shared/machinery/object.ts'

/** What to do with an object that a finalizer keeps while it is used. */
export type ProtectionAction = 'add' | 'remove' | 'nothing'

/** An object that stays gets the finalizer, one that goes loses it when nothing uses it (any longer). */
// pkg/util/slice, pkg/controller/volume/protectionutil/utils.go IsDeletionCandidate, NeedToAddFinalizer
export function protection({ metadata }: KubeObject, finalizer: string, isUsed: () => boolean): ProtectionAction {
  const has = metadata.finalizers?.includes(finalizer) ?? false
  if (metadata.deletionTimestamp === undefined) return has ? 'nothing' : 'add'
  return has && !isUsed() ? 'remove' : 'nothing'
}

/** The object with the finalizer added, or without it. */
export function withFinalizer<T extends KubeObject>(object: T, finalizer: string, action: 'add' | 'remove'): T {
  const others = (object.metadata.finalizers ?? []).filter((one) => one !== finalizer)
  const finalizers = action === 'add' ? [...others, finalizer] : others
  return { ...object, metadata: { ...object.metadata, finalizers } }
}
