import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { nodeOf } from '@kubets/shared/api/schemas.ts'
import { badRequest, forbidden } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { shapeOf } from '../registry/managed-fields.ts'
import type { UpdateSubresource } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import { bodyObject } from './body.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { formOf, objectAnswer } from './output.ts'
import { checkWriteOptions } from './write-options.ts'

export async function createObject(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true)
  checkWriteOptions('CreateOptions', context.query)
  const object = await bodyObject(context, kind.group, kind.version, kind.kind, nodeOf(kind))
  checkNamespace(object, context, kind)
  const encoded = await deps.registry.create(scopeOf(context, deps, kind), object)
  return objectAnswer(context, deps.clock, kind, encoded, 201)
}

export async function updateObject(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  formOf(context, true)
  checkWriteOptions('UpdateOptions', context.query)
  const { name, subresource } = context.info
  const shape = shapeOf(kind, subresource)
  const object = await bodyObject(context, shape.group, shape.version, shape.kind, nodeOf(shape))
  checkNamespace(object, context, kind)
  checkName(object, name, subresource)
  const { encoded, created } = await deps.registry.update(scopeOf(context, deps, kind), name, object, {
    subresource: subresource as UpdateSubresource,
    createOnUpdate: kind.createOnUpdate,
    beforeCreate: () => checkMayCreate(context, deps, kind),
  })
  return objectAnswer(context, deps.clock, kind, encoded, created ? 201 : 200)
}

/** Throws 403 when who may update or patch may not create what does not exist yet. */
// apiserver/pkg/endpoints/handlers/create.go withAuthorization
export function checkMayCreate({ info, user }: RequestContext, { authorizer }: Deps, kind: Kind): void {
  const { apiGroup, resource, subresource, namespace, name, path } = info
  const place = { apiGroup, resource, subresource, namespace, name, path }
  const { verdict, reason } = authorizer.authorize({ user, verb: 'create', isResourceRequest: true, ...place })
  if (verdict !== 'allow') throw forbidden(kind, name, reason)
}

// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go checkName
function checkName(object: KubeObject, name: string, subresource: string): void {
  const given = object.metadata.name
  if (given === name) return
  if (given !== undefined && given !== '') {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
  }
  if (subresource === '') {
    throw badRequest('the name of the object (based on URL) was undeterminable: name must be provided')
  }
  object.metadata.name = name
}

// staging/src/k8s.io/apiserver/pkg/registry/rest/create.go EnsureObjectNamespaceMatchesRequestNamespace
/** Gives the object the path's namespace. Throws 400 when it names another one. */
export function checkNamespace(object: KubeObject, { info }: RequestContext, kind: Kind): void {
  if (!kind.namespaced) {
    delete object.metadata.namespace
    return
  }
  const given = object.metadata.namespace
  if (given !== undefined && given !== '' && given !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  object.metadata.namespace = info.namespace
}
