import { conflict, invalid, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { invalid as invalidField, notSupported, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import type { DeleteOptions } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Encoded } from '../storage/types.ts'
import { mutate, validate } from './admit.ts'
import { behaviourOf } from './behaviour.ts'
import { commit } from './commit.ts'
import type { Context } from './context.ts'
import { planDeletion } from './delete-rules.ts'
import { lockMessage } from './metadata.ts'
import { list } from './read.ts'
import { keyOf, missing, oneAsKind, resourceOf } from './stored.ts'
import type { DeleteResult, ListOptions, RequestScope } from './types.ts'

const maxAttempts = 20
// apiserver/pkg/registry/generic/registry/store.go DeleteCollectionWorkers
const workers = 8

/** Deletes an object, or marks it when something still holds it. */
export async function remove(
  context: Context,
  scope: RequestScope,
  name: string,
  options: DeleteOptions = {},
): Promise<DeleteResult> {
  checkOptions(options)
  const { storage } = context
  const resource = resourceOf(scope.kind)
  const key = keyOf(scope, name)
  let old = await storage.read(resource, key)
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    if (!old) throw missing(scope.kind, name)
    const object = (await oneAsKind(scope.kind, old, scope.signal)).object
    checkPreconditions(scope, object, options)
    const admitted = { operation: 'DELETE' as const, name, subresource: '', old: object, options }
    await mutate(scope, admitted)
    await validate(scope, admitted)
    const plan = makePlan(context, scope, object, options)
    if (plan.action === 'wait') return { encoded: await oneAsKind(scope.kind, old, scope.signal), deleted: false }
    const result = await commit(context, scope, { name, old, next: plan.action === 'mark' ? plan.object : undefined })
    if (result.committed) {
      const encoded = await oneAsKind(scope.kind, result.encoded, scope.signal)
      return { encoded, deleted: plan.action === 'remove' }
    }
    old = result.current
  }
  throw conflict(scope.kind, name, lockMessage)
}

function makePlan(context: Context, { kind }: RequestScope, object: KubeObject, options: DeleteOptions) {
  const behaviour = behaviourOf(context.behaviours, kind)
  const held = behaviour.mayGo?.(object) === false
  const plan = planDeletion({
    object,
    options,
    gracePeriod: kind.deletionGracePeriod?.(object, options.gracePeriodSeconds),
    held,
    now: context.clock.now(),
  })
  if (plan.action === 'mark') behaviour.onDelete?.(plan.object)
  return plan
}

// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateDeleteOptions
function checkOptions({ orphanDependents, propagationPolicy }: DeleteOptions): void {
  const errors: FieldError[] = []
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(
      invalidField(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    )
  const policies = ['Foreground', 'Background', 'Orphan']
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...policies, 'nil']))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
}

// apiserver/pkg/registry/rest/delete.go BeforeDelete: the conflict names the kind, not the resource
function checkPreconditions({ kind }: RequestScope, { metadata }: KubeObject, { preconditions }: DeleteOptions): void {
  const of = { group: kind.group, plural: kind.kind }
  const { name = '', uid: ownUid = '', resourceVersion: ownVersion = '' } = metadata
  const { uid, resourceVersion } = preconditions ?? {}
  if (uid !== undefined && uid !== ownUid)
    throw conflict(
      of,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${ownUid}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== undefined && resourceVersion !== ownVersion)
    throw conflict(
      of,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${ownVersion}). The object might have been modified`,
    )
}

/** Deletes everything selected; those that another has deleted meanwhile are left out of the answer. */
// apiserver/pkg/registry/generic/registry/store.go DeleteCollection
export async function removeCollection(
  context: Context,
  scope: RequestScope,
  selection: ListOptions,
  options: DeleteOptions = {},
): Promise<readonly Encoded[]> {
  checkOptions(options)
  const { items } = await list(context.storage, scope, selection)
  const results: (Encoded | undefined)[] = items.map(() => undefined)
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, { object }] of queue) {
      const { name = '', namespace } = object.metadata
      const itemScope = namespace === undefined ? scope : { ...scope, namespace }
      try {
        results[index] = (await remove(context, itemScope, name, options)).encoded
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return results.filter((result) => result !== undefined)
}
