import { readManagedFields } from '@kubets/shared/machinery/apply/managers.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { deepFreeze } from '@kubets/shared/machinery/deep.ts'
import type { DeleteOptions } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { unhurried } from '@kubets/shared/machinery/slices.ts'
import type { AdmissionRequest, Operation, RequestScope } from './types.ts'

/** The objects of an admission request, with the name they are known by. */
export interface Admitted {
  operation: Operation
  name: string
  subresource: string
  object?: KubeObject
  old?: KubeObject
  /** Those of a delete; for all else they follow from the scope. */
  options?: DeleteOptions
}

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' }

function optionsOf({ options }: RequestScope, admitted: Admitted): { options?: object } {
  if (admitted.operation === 'CONNECT') return {}
  const head = { kind: optionKinds[admitted.operation], apiVersion: 'meta.k8s.io/v1' }
  return { options: { ...(admitted.options ?? options), ...head } }
}

function request(scope: RequestScope, admitted: Admitted): AdmissionRequest {
  const { kind, namespace, dryRun, user, signal } = scope
  return {
    ...admitted,
    kind,
    dryRun,
    signal,
    warn: (text) => scope.warn(text),
    annotate: (key, value) => scope.annotate?.(key, value),
    ...optionsOf(scope, admitted),
    ...(namespace === undefined ? {} : { namespace }),
    ...(user === undefined ? {} : { user }),
  }
}

/** Lets admission change the object; rejects with its refusal. What it makes of managedFields must be in order. */
export async function mutate(scope: RequestScope, admitted: Admitted): Promise<void> {
  if (!scope.admission) return
  const before = admitted.object?.metadata?.managedFields
  await scope.admission.mutate(request(scope, admitted))
  // a webhook may have put another in its place
  const metadata = admitted.object?.metadata
  if (metadata === undefined || metadata.managedFields === before) return
  try {
    readManagedFields(metadata.managedFields)
  } catch (error) {
    if (before === undefined) delete metadata.managedFields
    else metadata.managedFields = before
    scope.warn(invalidManagedFields(error instanceof Error ? error.message : String(error)))
  }
}

// apiserver/pkg/endpoints/handlers/fieldmanager/admission.go InvalidManagedFieldsAfterMutatingAdmissionWarningFormat
const invalidManagedFields = (why: string): string =>
  `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating ` +
  `admission controller; please fix your requests: ${why}`

/** Freezes what admission is to look at, in steps where it is large. */
export async function freezeUnhurried({ admission }: RequestScope, object: KubeObject, clock: Clock): Promise<void> {
  // without admission the object may share parts with what its sender goes on with
  if (!admission) return
  await unhurried(() => deepFreeze(object.metadata.managedFields), clock)
  await unhurried(() => deepFreeze(object), clock)
}

/** Lets admission refuse what would be stored: from here on the object stays as it is. */
export async function validate(scope: RequestScope, admitted: Admitted): Promise<void> {
  if (!scope.admission) return
  deepFreeze(admitted.object)
  await scope.admission.validate(request(scope, admitted))
}
