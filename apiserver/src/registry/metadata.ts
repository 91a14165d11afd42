import { randomUUID } from 'node:crypto'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { badRequest, conflict } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { RequestScope } from './types.ts'

/** What 409 says when another writer was quicker. apiserver/pkg/registry/generic/registry/store.go OptimisticLockErrorMsg */
export const lockMessage = 'the object has been modified; please apply your changes to the latest version and try again'

/** The object gets the namespace of the request, or 400. */
// apiserver/pkg/registry/rest/meta.go EnsureObjectNamespaceMatchesRequestNamespace
export function matchNamespace({ kind, namespace = '' }: RequestScope, object: KubeObject): void {
  const given = object.metadata.namespace ?? ''
  if (!kind.namespaced) {
    if (given !== '') delete object.metadata.namespace
    return
  }
  if (namespace === '') throw badRequest('namespace is required')
  if (given === '') object.metadata.namespace = namespace
  else if (given !== namespace)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`)
}

/** 400 unless the object's name is that of the URL; an absent one is filled in. */
// apiserver/pkg/endpoints/handlers/rest.go checkName
export function matchName(object: KubeObject, name: string): void {
  const given = object.metadata.name ?? ''
  if (given === '') object.metadata.name = name
  else if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
}

/** A new object does not bring what only the server decides. */
// apiserver/pkg/registry/rest/meta.go WipeObjectMetaSystemFields
export function wipeSystemFields({ metadata }: KubeObject): void {
  delete metadata.creationTimestamp
  delete metadata.uid
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
}

/** What only the server decides about a new object, beside what `prepareForCreate` does. */
// apiserver/pkg/registry/rest/meta.go FillObjectMetaSystemFields
export function fillSystemFields({ metadata }: KubeObject, now: number): void {
  metadata.creationTimestamp = formatTime(now)
  metadata.uid = randomUUID()
}

/** 409 unless the object sent has the uid of the stored one; none will do. */
// apiserver/pkg/registry/rest/update.go defaultUpdatedObjectInfo.Preconditions
export function matchUid(kind: Kind, { metadata }: KubeObject, { metadata: before }: KubeObject): void {
  if (metadata.uid && metadata.uid !== before.uid)
    throw conflict(kind, before.name ?? '', uidMessage(metadata.uid, before.uid ?? ''))
}

/** 409 unless the update is meant for this object in this state; without a resourceVersion it is, where the kind says so. */
// apiserver/pkg/registry/generic/registry/store.go Update
export function matchState(kind: Kind, { metadata }: KubeObject, { metadata: before }: KubeObject): void {
  const name = before.name ?? ''
  if (!metadata.resourceVersion && kind.unconditionalUpdate) metadata.resourceVersion = before.resourceVersion ?? ''
  if (metadata.resourceVersion && metadata.resourceVersion !== before.resourceVersion)
    throw conflict(kind, name, lockMessage)
}

// apiserver/pkg/storage/interfaces.go Preconditions.Check
export function uidMessage(wanted: string, actual: string): string {
  return `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`
}
