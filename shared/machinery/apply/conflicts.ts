import { applyConflict, maxCauses, type StatusError } from '../errors.ts'
import { quote } from '../quote.ts'
import { none, pathsOf, printPath, sizeOf, type FieldSet } from './field-set.ts'
import { managerInfo } from './managers.ts'

/** What others own of the fields that are to change, by the manager's identifier; thrown by an apply without force. */
export class Conflicts extends Error {
  readonly sets: ReadonlyMap<string, FieldSet>

  constructor(sets: ReadonlyMap<string, FieldSet>) {
    super('conflicts')
    this.sets = sets
  }
}

/** The 409 that names each field and its manager. */
// apimachinery/pkg/util/managedfields/internal/conflict.go NewConflictError
export function conflictError({ sets }: Conflicts): StatusError {
  const ids = [...sets.keys()].sort()
  const count = ids.reduce((sum, id) => sum + sizeOf(sets.get(id) ?? none), 0)
  const conflicts = ids
    .values()
    .flatMap((id) =>
      pathsOf(sets.get(id) ?? none).map((path) => ({ manager: printManager(id), path: printPath(path) })),
    )
    .take(maxCauses)
    .toArray()
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path,
  }))
  const [only] = conflicts
  if (only !== undefined && conflicts.length === 1)
    return applyConflict(causes, `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.path}`)
  const lines: string[] = []
  let last: string | undefined
  for (const { manager, path } of conflicts) {
    if (manager !== last) lines.push(`conflicts with ${manager}:`)
    last = manager
    lines.push(`- ${path}`)
  }
  if (count > conflicts.length) lines.push(`and ${count - conflicts.length} more`)
  return applyConflict(causes, `Apply failed with ${count} conflicts: ${lines.join('\n')}`)
}

function printManager(id: string): string {
  const { manager, operation, apiVersion, subresource } = managerInfo(id)
  const name = subresource ? `${quote(manager)} with subresource ${quote(subresource)}` : quote(manager)
  return operation === 'Update' ? `${name} using ${apiVersion ?? ''}` : name
}
