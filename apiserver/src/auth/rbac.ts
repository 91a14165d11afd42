import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@kubets/shared/api/resources.gen.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
} from '@kubets/shared/api/types/rbac-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { CachedKind, Registry, UserInfo } from '../registry/types.ts'
import type { Authorizer } from './attributes.ts'
import { kindOfRef } from './lookup.ts'
import { compileRbac, rbacAllows, rulesFor, type RbacIndex } from './rbac-rules.ts'
import { groupMasters } from './user.ts'

export interface Rbac extends Authorizer {
  /** For SelfSubjectRulesReview. */
  rules(user: UserInfo, namespace: string): PolicyRule[]
}

/** Role-based access control over the registry's cache; compiled anew at the first question after a change. */
export function createRbac(registry: Registry): Rbac {
  const caches = [clusterRoles, clusterRoleBindings, roles, roleBindings].map((ref) => registry.cached(kindOfRef(ref)))
  const objects = <T extends KubeObject>(index: number): Iterable<T> => (caches[index]?.list() ?? []) as Iterable<T>
  let index: RbacIndex | undefined
  let compiledAt = ''

  const current = (): RbacIndex => {
    const state = revisions(caches)
    if (index !== undefined && state === compiledAt) return index
    compiledAt = state
    index = compileRbac({
      clusterRoles: objects<ClusterRole>(0),
      clusterRoleBindings: objects<ClusterRoleBinding>(1),
      roles: objects<Role>(2),
      roleBindings: objects<RoleBinding>(3),
    })
    return index
  }

  return {
    authorize(attributes) {
      const { allowed, missing } = rbacAllows(current(), attributes)
      if (allowed) return { verdict: 'allow', reason: '' }
      const list = missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`
      return { verdict: 'none', reason: missing.length === 0 ? '' : `RBAC: ${list}` }
    },
    rules: (user, namespace) => rulesFor(current(), user, namespace),
  }
}

const revisions = (caches: readonly CachedKind[]): string => caches.map(({ changed }) => changed).join()

/** system:masters may do everything, whatever the objects say. */
// staging/src/k8s.io/apiserver/pkg/authorization/authorizerfactory/builtin.go NewPrivilegedGroups
export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) => ({ verdict: user.groups.includes(groupMasters) ? 'allow' : 'none', reason: '' }),
}
