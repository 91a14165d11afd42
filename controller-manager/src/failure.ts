import { isForbidden } from '@kubets/shared/machinery/errors.ts'

/** The text of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** True when a write was refused because its namespace is being deleted. */
// apimachinery errors.HasStatusCause with v1.NamespaceTerminatingCause
export const namespaceIsGoing = (error: unknown): boolean =>
  isForbidden(error) && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
