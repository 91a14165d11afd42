import type { ClusterRoleBinding, RoleBinding } from '../../types/rbac-v1.ts'
import type { Cell, Column } from '../kind.ts'
import { age, ageColumn, column, nameColumn } from '../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Role', 'Role that is given.'),
  ageColumn,
  column('Users', 'Users it is given to.', { wide: true }),
  column('Groups', 'Groups it is given to.', { wide: true }),
  column('ServiceAccounts', 'Service accounts it is given to.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printRoleBinding
export function row(obj: RoleBinding | ClusterRoleBinding, now: number): Cell[] {
  const of = (kind: string) => (obj.subjects ?? []).filter((subject) => subject.kind === kind)
  return [
    obj.metadata.name ?? '',
    `${obj.roleRef.kind}/${obj.roleRef.name}`,
    age(obj, now),
    of('User')
      .map((subject) => subject.name)
      .join(', '),
    of('Group')
      .map((subject) => subject.name)
      .join(', '),
    of('ServiceAccount')
      .map((subject) => `${subject.namespace ?? ''}/${subject.name}`)
      .join(', '),
  ]
}
