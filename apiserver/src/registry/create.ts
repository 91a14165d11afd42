import { prepareForCreate, validateCreate } from '@kubets/shared/api/kinds/strategy.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import {
  alreadyExists,
  badRequest,
  forbidden,
  generateNameConflict,
  invalid,
  StatusError,
} from '@kubets/shared/machinery/errors.ts'
import { simpleNameGenerator } from '@kubets/shared/machinery/names.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { unhurried } from '@kubets/shared/machinery/slices.ts'
import type { Encoded } from '../storage/types.ts'
import { freezeUnhurried, mutate, validate } from './admit.ts'
import { commit } from './commit.ts'
import type { Context } from './context.ts'
import { trackFields } from './managed-fields.ts'
import { fillSystemFields, matchNamespace, wipeSystemFields } from './metadata.ts'
import { keyOf, oneAsKind, resourceOf } from './stored.ts'
import type { RequestScope } from './types.ts'

// apiserver/pkg/registry/generic/registry/store.go maxNameGenerationCreateAttempts
const maxNames = 8

/**
 * Stores a new object; changes the one given. `managed`: its managedFields are complete. Rejects with 409 AlreadyExists,
 * 422 Invalid and what admission says.
 */
// apiserver/pkg/registry/generic/registry/store.go create, rest/create.go BeforeCreate
export async function create(
  context: Context,
  scope: RequestScope,
  object: KubeObject,
  given: { managed?: boolean | undefined } = {},
): Promise<Encoded> {
  const { kind } = scope
  const { clock } = context
  const { metadata } = object
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  delete metadata.resourceVersion
  const refusal = kind.refusesCreate?.()
  if (refusal !== undefined) throw forbidden(kind, metadata.name ?? '', refusal)
  matchNamespace(scope, object)
  wipeSystemFields(object)
  kind.defaults?.(object, clock.now())
  // who sends the object owns what is in it by now, and not what admission adds
  if (!given.managed) await trackFields(scope, '', object, undefined, clock)
  await mutate(scope, { operation: 'CREATE', name: metadata.name ?? '', subresource: '', object })
  // what admission added has defaults too
  kind.defaults?.(object, clock.now())
  matchNamespace(scope, object)
  fillSystemFields(object, clock.now())
  const generated = !metadata.name && metadata.generateName ? metadata.generateName : undefined
  for (let attempt = 1; ; attempt++) {
    const candidate = generated === undefined ? object : clone(object)
    if (generated !== undefined) candidate.metadata.name = simpleNameGenerator(generated)
    const name = candidate.metadata.name ?? ''
    prepareForCreate(kind, candidate, scope.user)
    const errors = await unhurried(() => validateCreate(kind, candidate), clock)
    if (errors.length > 0) throw invalid(kind, name, errors)
    for (const text of kind.warningsOf?.(candidate) ?? []) scope.warn(text)
    await freezeUnhurried(scope, candidate, clock)
    await validate(scope, { operation: 'CREATE', name, subresource: '', object: candidate })
    const taken = scope.dryRun ? await exists(context, scope, name) : undefined
    const result = taken
      ? { committed: false as const, current: taken }
      : await commit(context, scope, { name, old: undefined, next: candidate })
    if (result.committed) return oneAsKind(kind, result.encoded, scope.signal)
    if (generated === undefined) throw existsError(scope, name, result.current)
    if (attempt === maxNames) throw generateNameConflict(kind, name, 1)
  }
}

async function exists({ storage }: Context, scope: RequestScope, name: string): Promise<Encoded | undefined> {
  await storage.cache.fresh(scope.signal)
  return storage.resource(resourceOf(scope.kind)).get(keyOf(scope, name))
}

// apiserver/pkg/registry/generic/registry/store.go create: an object on its way out says so
function existsError({ kind }: RequestScope, name: string, current: Encoded | undefined): StatusError {
  const error = alreadyExists(kind, name)
  if (!current?.object.metadata.deletionTimestamp) return error
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` })
}
