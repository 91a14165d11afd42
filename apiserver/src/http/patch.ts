import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { nodeOf } from '@kubets/shared/api/schemas.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { badRequest, invalid, StatusError, unsupportedMediaType } from '@kubets/shared/machinery/errors.ts'
import { FieldPath, invalid as invalidField } from '@kubets/shared/machinery/fieldpath.ts'
import { apiVersionOf, type KubeObject } from '@kubets/shared/machinery/object.ts'
import { goText } from '@kubets/shared/machinery/patch/directives.ts'
import { jsonPatch } from '@kubets/shared/machinery/patch/json-patch.ts'
import { mergePatch } from '@kubets/shared/machinery/patch/merge-patch.ts'
import { strategicMergePatch } from '@kubets/shared/machinery/patch/strategic-merge.ts'
import { DecodeError, decodeValue } from '@kubets/shared/machinery/schema/decode.ts'
import { parsing, type Parsed } from '@kubets/shared/machinery/schema/json.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { inSteps, unhurried } from '@kubets/shared/machinery/slices.ts'
import type { UpdateSubresource } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import { applied, applyType } from './apply.ts'
import { checkGroupVersionKind, fieldValidation } from './body.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { formOf, objectAnswer } from './output.ts'
import { shapeOf } from '../registry/managed-fields.ts'
import { checkPatchOptions } from './write-options.ts'
import { checkMayCreate, checkNamespace } from './write.ts'

type Apply = (node: ObjectNode, current: object, patch: unknown) => object

const strategic = 'application/strategic-merge-patch+json'

const patches: Readonly<Record<string, Apply>> = {
  'application/json-patch+json': (_, current, patch) => jsonPatch(current, patch),
  'application/merge-patch+json': (_, current, patch) => mergePatch(current, patch),
  [strategic]: strategicMergePatch,
}
/** What may be sent as a patch of a kind. */
// apiextensions-apiserver/pkg/apiserver/customresource_handler.go: custom kinds have no strategic merge
export function patchTypes({ schema }: Pick<Kind, 'schema'>): string[] {
  return [...Object.keys(patches), applyType].filter((type) => schema === undefined || type !== strategic)
}

// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go PatchResource
export async function patchObject(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true)
  const type = patchType(context.headers['content-type'], kind)
  checkPatchOptions(context.query, type === applyType)
  const scope = scopeOf(context, deps, kind)
  const isApply = type === applyType
  const change = isApply ? await applied(context, deps, kind, scope) : await patched(context, kind, type)
  const { name, subresource } = context.info
  const { encoded, created } = await deps.registry.update(scope, name, change, {
    subresource: subresource as UpdateSubresource,
    apply: isApply,
    beforeCreate: () => checkMayCreate(context, deps, kind),
  })
  return objectAnswer(context, deps.clock, kind, encoded, created ? 201 : 200)
}

/** What a patch other than apply makes of an object; the function given back throws a StatusError. */
// apiserver/pkg/endpoints/handlers/patch.go jsonPatcher, smpPatcher, applyPatchToObject: a strategic patch is shown in a
// refusal, of the other types what they made of the object
async function patched(
  context: RequestContext,
  kind: Kind,
  type: string,
): Promise<(current: KubeObject) => Promise<KubeObject>> {
  const apply = patches[type] ?? strategicMergePatch
  const { clock } = context
  const { subresource } = context.info
  const shape = shapeOf(kind, subresource)
  const node = nodeOf(shape)
  const mode = fieldValidation(context.query)
  const body = await context.body()
  const parsed = await parsePatch(body.toString('utf8'), mode !== 'Ignore', clock)

  return async (current) => {
    const patch = await unhurried(() => clone(parsed.value), clock)
    const patched = await unhurried(() => apply(node, current, patch), clock)
    // decoding takes the value over
    const text = type === strategic ? '' : await unhurried(() => JSON.stringify(patched), clock)
    const refused = (why: string): StatusError => refusedPatch(type === strategic ? goText(parsed.value) : text, why)
    let decoded
    try {
      const source = type === strategic ? 'map' : 'json'
      const found = mode === 'Ignore' ? 'Ignore' : 'Warn'
      decoded = await unhurried(() => decodeValue(node, patched, found, parsed.problems, source), clock)
    } catch (error) {
      if (error instanceof DecodeError) throw refused(error.message)
      throw error
    }
    if (mode === 'Strict' && decoded.problems.length > 0)
      throw refused(`strict decoding error: ${decoded.problems.join(', ')}`)
    for (const problem of decoded.problems) if (!context.warnings.includes(problem)) context.warnings.push(problem)
    const object = decoded.object as unknown as KubeObject
    checkGroupVersionKind(object, apiVersionOf(shape), shape.kind)
    checkNamespace(object, context, kind)
    return object
  }
}

function patchType(contentType: string | undefined, kind: Kind): string {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const known = patchTypes(kind)
  if (!known.includes(type)) throw unsupportedMediaType(known)
  return type
}

async function parsePatch(text: string, findDuplicates: boolean, clock: Clock): Promise<Parsed> {
  try {
    return await inSteps(parsing(text, findDuplicates), clock)
  } catch (error) {
    if (error instanceof StatusError) throw error
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The 422 for a patch whose result is not an object of the kind. */
function refusedPatch(text: string, why: string): StatusError {
  return invalid({ group: '', kind: '' }, '', [invalidField(new FieldPath('patch'), text, why)])
}
