import { nodeOf } from '@kubets/shared/api/schemas.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { badRequest, StatusError, unknownError } from '@kubets/shared/machinery/errors.ts'
import { apiVersionOf, type KubeObject } from '@kubets/shared/machinery/object.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import { parsing, type Parsed } from '@kubets/shared/machinery/schema/json.ts'
import { inSteps, unhurried } from '@kubets/shared/machinery/slices.ts'
import { apply, shapeOf } from '../registry/managed-fields.ts'
import type { RequestScope } from '../registry/types.ts'
import { fieldValidation } from './body.ts'
import type { Deps, RequestContext } from './context.ts'
import { isTrue } from './request-info.ts'
import { checkNamespace } from './write.ts'
import { readYaml } from './yaml.ts'

export const applyType = 'application/apply-patch+yaml'

/**
 * What a server-side apply makes of an object; of one without a uid, which does not exist yet, a new one. The function
 * given back throws a StatusError: 409 with every conflict.
 */
// apiserver/pkg/endpoints/handlers/patch.go applyPatcher
export async function applied(
  context: RequestContext,
  deps: Deps,
  kind: Kind,
  scope: RequestScope,
): Promise<(current: KubeObject) => Promise<KubeObject>> {
  const { query, info } = context
  const mode = fieldValidation(query)
  const force = isTrue(query.get('force'))
  const config = await configuration(context, (await context.body()).toString('utf8'), mode !== 'Ignore')
  const shape = shapeOf(kind, info.subresource)
  return async (current) => {
    const live = current.metadata.uid ? current : undefined
    const merged = await apply(scope, info.subresource, config.value, force, live, deps.clock)
    for (const problem of config.problems) {
      if (mode === 'Strict') throw badRequest(`error strict decoding YAML: ${problem}`)
      scope.warn(problem)
    }
    merged.apiVersion = apiVersionOf(shape)
    merged.kind = shape.kind
    try {
      await unhurried(() => decodeObject(nodeOf(shape), merged, 'Ignore'), deps.clock)
    } catch (error) {
      const { name = '', namespace = '' } = merged.metadata
      throw unknownError(
        `failed to convert new object (${namespace}/${name}; ${apiVersionOf(shape)}, Kind=${shape.kind}) to proper ` +
          `version (${apiVersionOf(shape)}): ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    checkNamespace(merged, context, kind)
    return merged
  }
}

interface Configuration {
  value: object
  /** Repeated keys. */
  problems: string[]
}

async function configuration(
  { clock, signal }: RequestContext,
  text: string,
  findDuplicates: boolean,
): Promise<Configuration> {
  let parsed: Parsed
  try {
    parsed = (await fromJson(text, clock)) ?? (await readYaml(text, findDuplicates, clock, signal))
  } catch (error) {
    if (signal.aborted || error instanceof StatusError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${reason}`)
  }
  const { value, problems } = parsed
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { value, problems: problems.map((problem) => `error converting YAML to JSON: ${problem}`) }
  // an empty document is an empty map
  if (value === null) return { value: {}, problems: [] }
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ` +
      `${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`,
  )
}

/** Clients send JSON, which is YAML that is much quicker to read; undefined for anything else. */
async function fromJson(text: string, clock: Clock): Promise<Parsed | undefined> {
  if (!text.startsWith('{')) return undefined
  try {
    const parsed = await inSteps(parsing(text, true), clock)
    return parsed.problems.length === 0 ? parsed : undefined
  } catch (error) {
    if (error instanceof StatusError) throw error
    return undefined
  }
}
