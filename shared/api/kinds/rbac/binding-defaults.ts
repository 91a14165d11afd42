import type { ClusterRoleBinding, RoleBinding } from '../../types/rbac-v1.ts'

const group = 'rbac.authorization.k8s.io'

// pkg/apis/rbac/v1/defaults.go SetDefaults_ClusterRoleBinding
export function defaults(obj: RoleBinding | ClusterRoleBinding): void {
  if (obj.roleRef) obj.roleRef.apiGroup ||= group
  for (const subject of obj.subjects ?? []) {
    if (subject.apiGroup) continue
    if (subject.kind === 'ServiceAccount') delete subject.apiGroup
    else if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup = group
  }
}
