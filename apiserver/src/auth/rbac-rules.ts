import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '@kubets/shared/api/types/rbac-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Attributes } from './attributes.ts'

/** The objects that say who may do what. */
export interface RbacObjects {
  clusterRoles: Iterable<ClusterRole>
  clusterRoleBindings: Iterable<ClusterRoleBinding>
  roles: Iterable<Role>
  roleBindings: Iterable<RoleBinding>
}

/** The rules of one binding, or why there are none. */
interface Grant {
  rules: readonly PolicyRule[]
  missing?: string
}

/** Grants by subject ("u:name" or "g:name"), once for the whole cluster and once for each namespace. */
export interface RbacIndex {
  cluster: ReadonlyMap<string, readonly Grant[]>
  namespaces: ReadonlyMap<string, ReadonlyMap<string, readonly Grant[]>>
}

/** Compiles the objects so that a question looks at the asking user's grants alone. */
export function compileRbac(objects: RbacObjects): RbacIndex {
  const clusterRoles = new Map(Array.from(objects.clusterRoles, (role) => [role.metadata.name, role]))
  const roles = new Map(Array.from(objects.roles, (role) => [`${role.metadata.namespace}/${role.metadata.name}`, role]))

  const grantOf = (ref: RoleRef, namespace: string): Grant => {
    const role = ref.kind === 'ClusterRole' ? clusterRoles.get(ref.name) : roles.get(`${namespace}/${ref.name}`)
    if (role !== undefined) return { rules: role.rules ?? [] }
    const kind = ref.kind === 'ClusterRole' ? 'clusterrole' : 'role'
    return { rules: [], missing: `${kind}.rbac.authorization.k8s.io ${quote(ref.name)} not found` }
  }

  const cluster = new Map<string, Grant[]>()
  for (const binding of objects.clusterRoleBindings) {
    addGrant(cluster, binding.subjects, '', grantOf(binding.roleRef, ''))
  }
  const namespaces = new Map<string, Map<string, Grant[]>>()
  for (const binding of objects.roleBindings) {
    const namespace = binding.metadata.namespace ?? ''
    let grants = namespaces.get(namespace)
    if (grants === undefined) namespaces.set(namespace, (grants = new Map()))
    addGrant(grants, binding.subjects, namespace, grantOf(binding.roleRef, namespace))
  }
  return { cluster, namespaces }
}

function addGrant(index: Map<string, Grant[]>, subjects: Subject[] | undefined, namespace: string, grant: Grant): void {
  for (const key of new Set((subjects ?? []).map((subject) => subjectKey(subject, namespace)))) {
    const grants = index.get(key)
    if (grants === undefined) index.set(key, [grant])
    else grants.push(grant)
  }
}

// pkg/registry/rbac/validation/rule.go appliesToUser
function subjectKey({ kind, name, namespace }: Subject, bindingNamespace: string): string {
  if (kind === 'Group') return `g:${name}`
  return kind === 'ServiceAccount' ? `u:system:serviceaccount:${namespace ?? bindingNamespace}:${name}` : `u:${name}`
}

/** All grants of a user that count in the namespace ('' for none). */
function* grantsOf(index: RbacIndex, user: UserInfo, namespace: string): Generator<Grant> {
  const keys = [`u:${user.name}`, ...user.groups.map((group) => `g:${group}`)]
  for (const key of keys) yield* index.cluster.get(key) ?? []
  const local = namespace === '' ? undefined : index.namespaces.get(namespace)
  if (local !== undefined) for (const key of keys) yield* local.get(key) ?? []
}

/** Whether the rules allow it, and the roles that bindings of this user name in vain. */
export function rbacAllows(index: RbacIndex, attributes: Attributes): { allowed: boolean; missing: string[] } {
  const missing: string[] = []
  for (const grant of grantsOf(index, attributes.user, attributes.namespace)) {
    if (grant.missing !== undefined) missing.push(grant.missing)
    if (grant.rules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true, missing: [] }
  }
  return { allowed: false, missing: [...new Set(missing)] }
}

/** Every rule that counts for the user in the namespace, for SelfSubjectRulesReview. */
export function rulesFor(index: RbacIndex, user: UserInfo, namespace: string): PolicyRule[] {
  return Array.from(grantsOf(index, user, namespace)).flatMap((grant) => grant.rules)
}

// pkg/apis/rbac/v1/evaluation_helpers.go and plugin/pkg/auth/authorizer/rbac/rbac.go RuleAllows
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false
  if (!attributes.isResourceRequest) return pathMatches(rule.nonResourceURLs, attributes.path)
  if (!hasOrAll(rule.apiGroups, attributes.apiGroup)) return false
  if (!resourceMatches(rule.resources, attributes.resource, attributes.subresource)) return false
  const names = rule.resourceNames
  return names === undefined || names.length === 0 || names.includes(attributes.name)
}

const hasOrAll = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

function resourceMatches(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (resources === undefined) return false
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some((r) => r === '*' || r === combined || (subresource !== '' && r === `*/${subresource}`))
}

function pathMatches(urls: readonly string[] | undefined, path: string): boolean {
  return (urls ?? []).some((url) => {
    if (url === '*' || url === path) return true
    return url.endsWith('*') && path.startsWith(url.slice(0, -1).replace(/\*+$/, ''))
  })
}
