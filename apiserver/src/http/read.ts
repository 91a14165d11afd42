import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Answer } from './answer.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { formOf, listAnswer, objectAnswer } from './output.ts'
import { listOptions } from './query.ts'

export async function getObject(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true) // refuses before anything is done
  const resourceVersion = context.query.get('resourceVersion')
  const options = {
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(context.info.subresource === 'scale' ? { subresource: 'scale' as const } : {}),
  }
  const encoded = await deps.registry.get(scopeOf(context, deps, kind), context.info.name, options)
  return objectAnswer(context, deps.clock, kind, encoded)
}

export async function listObjects(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true)
  const list = await deps.registry.list(scopeOf(context, deps, kind), listOptions(context.query))
  return listAnswer(context, deps.clock, kind, list)
}
