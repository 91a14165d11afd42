import { clusterRoles, roles } from '@kubets/shared/api/resources.gen.ts'
import type { ClusterRole, PolicyRule, RoleBinding } from '@kubets/shared/api/types/rbac-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Authorizer } from '../auth/attributes.ts'
import { escalation } from '../auth/escalation.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { Rbac } from '../auth/rbac.ts'
import { groupMasters } from '../auth/user.ts'
import type { AdmissionRequest, UserInfo } from '../registry/types.ts'
import { refuse, type Plugin } from './plugin.ts'

const group = 'rbac.authorization.k8s.io'
const fullAuthority: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/**
 * Nobody gives away rights that he does not have, but who may `escalate` roles or `bind` a role. It refuses before
 * validation, as upstream's storage does.
 */
// pkg/registry/rbac/role/policybased/storage.go, clusterrole/…, rolebinding/…, clusterrolebinding/…
export function rbacEscalation(rbac: Rbac, authorizer: Authorizer, lookup: Lookup): Plugin {
  const checkRole = (request: AdmissionRequest, user: UserInfo, object: ClusterRole): void => {
    const { kind, name, namespace = '' } = request
    if (may(authorizer, user, 'escalate', kind.plural, request.operation === 'CREATE' ? '' : name, namespace)) return
    const held = rbac.rules(user, namespace)
    const problem = escalation(user, held, object.rules ?? [])
    if (problem !== undefined) throw refuse(request, problem)
    const old = request.old as ClusterRole | undefined
    if (object.aggregationRule === undefined && old?.aggregationRule === undefined) return
    if (escalation(user, held, fullAuthority) === undefined) return
    throw refuse(request, 'must have cluster-admin privileges to use the aggregationRule')
  }

  const checkBinding = async (request: AdmissionRequest, user: UserInfo, { roleRef }: RoleBinding): Promise<void> => {
    const { namespace = '' } = request
    const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
    if (may(authorizer, user, 'bind', plural, roleRef.name, namespace)) return
    const role =
      plural === 'clusterroles'
        ? await lookup.get(clusterRoles, roleRef.name)
        : await lookup.get(roles, roleRef.name, namespace)
    if (role === undefined) throw notFound({ group, plural }, roleRef.name)
    const problem = escalation(user, rbac.rules(user, namespace), role.rules ?? [])
    if (problem !== undefined) throw refuse(request, problem)
  }

  return {
    async mutate(request) {
      const { kind, object, user, old } = request
      if (kind.group !== group || object === undefined || user === undefined || request.subresource !== '') return
      if (user.groups.includes(groupMasters) || onlyForTheCollector(object, old)) return
      if (kind.plural === 'roles' || kind.plural === 'clusterroles') checkRole(request, user, object as ClusterRole)
      else await checkBinding(request, user, object as RoleBinding)
    },
  }
}

function may(
  authorizer: Authorizer,
  user: UserInfo,
  verb: string,
  resource: string,
  name: string,
  namespace: string,
): boolean {
  const attributes = {
    user,
    verb,
    isResourceRequest: true,
    apiGroup: group,
    resource,
    subresource: '',
    namespace,
    name,
    path: '',
  }
  return authorizer.authorize(attributes).verdict === 'allow'
}

/** Whether nothing but finalizers and owners changes: the garbage collector may do that without the rights themselves. */
// pkg/registry/rbac/helpers.go IsOnlyMutatingGCFields
function onlyForTheCollector(object: KubeObject, old: KubeObject | undefined): boolean {
  if (old === undefined) return false
  const without = ({ metadata, ...rest }: KubeObject): unknown => {
    const { finalizers: _, ownerReferences: __, managedFields: ___, ...others } = metadata
    return { ...rest, metadata: others }
  }
  return deepEqual(without(object), without(old))
}
