import { deepFreeze } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { AdmissionRequest, Operation, RequestScope } from './types.ts'

/** The objects of an admission request, with the name they are known by. */
export interface Admitted {
  operation: Operation
  name: string
  subresource: string
  object?: KubeObject
  old?: KubeObject
}

function request(scope: RequestScope, admitted: Admitted): AdmissionRequest {
  const { kind, namespace, dryRun, user, signal } = scope
  return {
    ...admitted,
    kind,
    dryRun,
    signal,
    warn: (text) => scope.warn(text),
    ...(namespace === undefined ? {} : { namespace }),
    ...(user === undefined ? {} : { user }),
  }
}

/** Lets admission change the object; rejects with its refusal. */
export async function mutate(scope: RequestScope, admitted: Admitted): Promise<void> {
  await scope.admission?.mutate(request(scope, admitted))
}

/** Lets admission refuse what would be stored. */
export async function validate(scope: RequestScope, admitted: Admitted): Promise<void> {
  if (!scope.admission) return
  const { object } = admitted
  await scope.admission.validate(
    request(scope, object ? { ...admitted, object: deepFreeze(structuredClone(object)) } : admitted),
  )
}
