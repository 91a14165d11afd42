import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Answer } from './answer.ts'
import { success } from './answer.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { formOf, listAnswer, objectAnswer, valueAnswer } from './output.ts'
import { deleteOptions, listOptions } from './query.ts'

/** Kinds whose last state is the answer to their deletion; the others answer with a Status. */
// the stores with ReturnDeletedObject in pkg/registry/*/storage
const answerWithObject: Readonly<Record<string, readonly string[]>> = {
  '': [
    'pods',
    'services',
    'serviceaccounts',
    'persistentvolumes',
    'persistentvolumeclaims',
    'podtemplates',
    'resourcequotas',
  ],
  'storage.k8s.io': ['csidrivers', 'csinodes', 'storageclasses', 'volumeattachments', 'volumeattributesclasses'],
  'resource.k8s.io': ['deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices'],
}

export const answersWithObject = ({ group, plural }: Kind): boolean =>
  answerWithObject[group]?.includes(plural) ?? false

export async function deleteObject(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true)
  const options = await deleteOptions(context)
  const scope = scopeOf(context, deps, kind)
  const dryRun = scope.dryRun || (options.dryRun ?? []).includes('All')
  const { name } = context.info
  const { encoded, deleted } = await deps.registry.delete({ ...scope, dryRun }, name, options)
  if (!deleted || answersWithObject(kind)) {
    const code = !deleted && options.orphanDependents === false ? 202 : 200
    return objectAnswer(context, deps.clock, kind, encoded, code)
  }
  const { uid } = encoded.object.metadata
  const details = { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, uid: uid ?? '' }
  const { code: _, ...status } = success(200, { details })
  return valueAnswer(context, status, 200, true)
}

export async function deleteObjects(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true)
  const options = await deleteOptions(context)
  const scope = scopeOf(context, deps, kind)
  const dryRun = scope.dryRun || (options.dryRun ?? []).includes('All')
  const items = await deps.registry.deleteCollection({ ...scope, dryRun }, listOptions(context.query), options)
  return listAnswer(context, deps.clock, kind, { items, resourceVersion: '' })
}
