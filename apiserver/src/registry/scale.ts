import type { Kind, ScalePaths } from '@kubets/shared/api/kinds/kind.ts'
import { managedFieldsOfScale, managedFieldsOfScaled } from '@kubets/shared/machinery/apply/scale.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { conflict, invalid, notFound } from '@kubets/shared/machinery/errors.ts'
import { invalid as invalidField } from '@kubets/shared/machinery/fieldpath.ts'
import type { LabelSelector } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { apiVersionOf, type KubeObject } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject, selectorFromLabels } from '@kubets/shared/machinery/selector.ts'
import { encode } from '../storage/encoded.ts'
import type { Encoded } from '../storage/types.ts'
import { validate, mutate } from './admit.ts'
import type { Context } from './context.ts'
import { replicasPaths, trackFields } from './managed-fields.ts'
import { lockMessage, uidMessage } from './metadata.ts'
import { get } from './read.ts'
import type { Change, RequestScope, UpdateOptions, UpdateResult } from './types.ts'
import { update } from './update.ts'

type Scale = KubeObject & { spec?: { replicas?: number }; status: { replicas: number; selector?: string } }
type Fields = Record<string, unknown>

function pathsOf(kind: Kind): ScalePaths {
  if (!kind.scale) throw notFound({ group: kind.group, plural: `${kind.plural}/scale` }, '')
  return kind.scale
}

const keysOf = (path: string): string[] => path.split('.').filter((key) => key !== '')

function valueAt(object: KubeObject, path: string): unknown {
  return keysOf(path).reduce<unknown>((value, key) => (value as Fields | undefined)?.[key], object)
}

/** An object seen as autoscaling/v1 Scale. */
// pkg/registry/apps/deployment/storage/storage.go scaleFromDeployment
export function scaleOf(kind: Kind, object: KubeObject): Scale {
  const paths = pathsOf(kind)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = Number(valueAt(object, paths.specReplicas) ?? 0)
  const selector = paths.selector === undefined ? '' : selectorText(valueAt(object, paths.selector))
  return clone({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject['metadata'],
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: Number(valueAt(object, paths.statusReplicas) ?? 0), ...(selector === '' ? {} : { selector }) },
  })
}

function selectorText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  const isSelector = 'matchLabels' in (value as Fields) || 'matchExpressions' in (value as Fields)
  const selector = isSelector
    ? labelSelectorFromObject(value as LabelSelector)
    : selectorFromLabels(value as Record<string, string>)
  return selector.toString()
}

export async function getScale({ storage }: Context, scope: RequestScope, name: string): Promise<Encoded> {
  const { object } = await get(storage, scope, name)
  return encode(scaleOf(scope.kind, object))
}

/** Changes the number of replicas; `change` speaks of the Scale. Answers the Scale as it is then. */
// pkg/registry/apps/deployment/storage/storage.go ScaleREST.Update
export async function updateScale(
  context: Context,
  scope: RequestScope,
  name: string,
  change: Change,
  { apply = false }: UpdateOptions = {},
): Promise<UpdateResult> {
  const { kind } = scope
  const paths = pathsOf(kind)
  const replicas = replicasPaths(kind)
  const setReplicas = async (current: KubeObject): Promise<KubeObject> => {
    const old = scaleOf(kind, current)
    const { managedFields } = current.metadata
    const managedByScale = managedFieldsOfScale(managedFields, replicas)
    if (managedByScale) old.metadata.managedFields = managedByScale
    const next = (typeof change === 'function' ? await change(clone(old)) : clone(change)) as Scale
    if (!apply) await trackFields(scope, 'scale', next, old, context.clock)
    const admitted = { operation: 'UPDATE' as const, name, subresource: 'scale', object: next, old }
    await mutate(scope, admitted)
    checkScale(kind, name, next, current)
    await validate(scope, admitted)
    const keys = keysOf(paths.specReplicas)
    const parent = keys
      .slice(0, -1)
      .reduce<Fields>((value, key) => (value[key] ??= {}) as Fields, current as unknown as Fields)
    parent[keys.at(-1) ?? ''] = next.spec?.replicas ?? 0
    const managed = managedFieldsOfScaled(managedFields, next.metadata.managedFields, replicas, apiVersionOf(kind))
    if (managed) current.metadata.managedFields = managed
    else delete current.metadata.managedFields
    return current
  }
  const unadmitted = { ...scope }
  // admission has seen the Scale; the whole object is not what was asked about
  delete unadmitted.admission
  const { encoded } = await update(context, unadmitted, name, setReplicas, { subresource: 'scale' })
  return { encoded: encode(scaleOf(kind, encoded.object)), created: false }
}

// pkg/apis/autoscaling/validation/validation.go ValidateScale
function checkScale(kind: Kind, name: string, scale: Scale, current: KubeObject): void {
  const { resourceVersion, uid } = scale.metadata
  if (uid && uid !== current.metadata.uid) throw conflict(kind, name, uidMessage(uid, current.metadata.uid ?? ''))
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) throw conflict(kind, name, lockMessage)
  const replicas = scale.spec?.replicas ?? 0
  if (replicas >= 0) return
  const error = invalidField('spec.replicas', replicas, 'must be greater than or equal to 0')
  throw invalid({ group: 'autoscaling', kind: 'Scale' }, scale.metadata.name ?? name, [error])
}
