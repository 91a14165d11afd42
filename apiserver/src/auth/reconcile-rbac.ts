import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@kubets/shared/api/resources.gen.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '@kubets/shared/api/types/rbac-v1.ts'
import { isAlreadyExists } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { Registry } from '../registry/types.ts'
import { namespacedRoles, type NamespacedRole } from './bootstrap-controller-roles.ts'
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  type BootstrapBinding,
  type BootstrapRole,
} from './bootstrap-roles.ts'
import { missingRules } from './escalation.ts'
import { internalScope, kindOfRef, type Lookup } from './lookup.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'
const aggregateLabel = (name: string): string => `rbac.authorization.k8s.io/aggregate-to-${name}`

// pkg/registry/rbac/rest/storage_rbac.go PolicyData.EnsureRBACPolicy
/** Creates the roles and bindings every cluster has, and gives back to them what was taken. Rejects when etcd is away. */
export async function reconcileRbac(registry: Registry, lookup: Lookup, signal: AbortSignal): Promise<void> {
  const ensure = async <T extends KubeObject>(
    ref: ResourceRef<T>,
    wanted: T,
    merge: (stored: T, wanted: T) => T | undefined,
  ): Promise<void> => {
    const { name = '', namespace } = wanted.metadata
    const scope = internalScope(kindOfRef(ref), signal, namespace)
    const stored = await lookup.get(ref, name, namespace)
    if (stored === undefined) {
      // another apiserver may have been quicker
      await registry.create(scope, wanted).catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error
      })
    } else if (stored.metadata.annotations?.[autoUpdate] !== 'false') {
      if (merge(stored, wanted) === undefined) return
      await registry.update(scope, name, (current) => merge(current as T, wanted) ?? current)
    }
  }

  // roles before what binds them
  await Promise.all([
    ...bootstrapClusterRoles.map((role) => ensure(clusterRoles, clusterRole(role), withRules)),
    ...namespacedRoles.map((one) => ensure<Role>(roles, namespacedRole(one), withRules)),
  ])
  await Promise.all([
    ...bootstrapClusterRoleBindings.map((binding) =>
      ensure<ClusterRoleBinding>(clusterRoleBindings, clusterRoleBinding(binding), withSubjects),
    ),
    ...namespacedRoles.map((one) => ensure<RoleBinding>(roleBindings, namespacedBinding(one), withSubjects)),
  ])
}

const metadata = (name: string, labels: Record<string, string> = {}) => ({
  name,
  annotations: { [autoUpdate]: 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
})

/** The object; a role that aggregates others comes with their rules already in it. */
export function clusterRole({ name, rules, aggregates, aggregateTo }: BootstrapRole): ClusterRole {
  const labels: Record<string, string> = aggregateTo === undefined ? {} : { [aggregateLabel(aggregateTo)]: 'true' }
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: metadata(name, labels),
    rules: structuredClone(aggregates === undefined ? [...rules] : aggregatedRules(aggregates)),
    ...(aggregates === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(aggregates)]: 'true' } }] } }),
  }
}

function aggregatedRules(name: string): PolicyRule[] {
  return bootstrapClusterRoles
    .filter((role) => role.aggregateTo === name)
    .flatMap((role) => (role.aggregates === undefined ? role.rules : aggregatedRules(role.aggregates)))
}

function clusterRoleBinding(binding: BootstrapBinding): ClusterRoleBinding {
  const { name } = binding
  const subjects = subjectsOf(binding)
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    ...(subjects.length > 0 ? { subjects } : {}),
    roleRef: { apiGroup, kind: 'ClusterRole', name },
  }
}

function subjectsOf({ groups = [], users = [], serviceAccounts = [] }: Omit<BootstrapBinding, 'name'>): Subject[] {
  return [
    ...groups.map((group) => ({ kind: 'Group', apiGroup, name: group })),
    ...users.map((user) => ({ kind: 'User', apiGroup, name: user })),
    ...serviceAccounts.map((account) => ({ kind: 'ServiceAccount', name: account, namespace: 'kube-system' })),
  ]
}

const namespacedRole = ({ namespace, name, rules }: NamespacedRole): Role => ({
  apiVersion,
  kind: 'Role',
  metadata: { ...metadata(name), namespace },
  rules: structuredClone([...rules]),
})

const namespacedBinding = (role: NamespacedRole): RoleBinding => ({
  apiVersion,
  kind: 'RoleBinding',
  metadata: { ...metadata(role.binding ?? role.name), namespace: role.namespace },
  subjects: subjectsOf(role),
  roleRef: { apiGroup, kind: 'Role', name: role.name },
})

/** The stored role with the rules it lacks; undefined when it lacks none. */
// pkg/registry/rbac/reconciliation/reconcile_role.go computeReconciledRole
export function withRules<T extends Role | ClusterRole>(stored: T, wanted: T): T | undefined {
  const own = stored.rules ?? []
  const missing = missingRules(own, wanted.rules ?? [])
  return missing.length === 0 ? undefined : { ...stored, rules: [...own, ...missing] }
}

/** The stored binding with the subjects it lacks; undefined when it lacks none. */
function withSubjects<T extends RoleBinding | ClusterRoleBinding>(stored: T, wanted: T): T | undefined {
  const own = stored.subjects ?? []
  const same = (a: Subject, b: Subject): boolean =>
    a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
  const missing = (wanted.subjects ?? []).filter((subject) => !own.some((other) => same(other, subject)))
  return missing.length === 0 ? undefined : { ...stored, subjects: [...own, ...missing] }
}
