import { isForbidden, isNotFound } from '@kubets/shared/machinery/errors.ts'

/** The text of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** True when a write was refused because its namespace is being deleted, or is gone. */
// apimachinery errors.HasStatusCause with v1.NamespaceTerminatingCause
export const namespaceIsGoing = (error: unknown): boolean =>
  (isForbidden(error) &&
    (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')) ||
  (isNotFound(error) && error.status.details?.kind === 'namespaces')
