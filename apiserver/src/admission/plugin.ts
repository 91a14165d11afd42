import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { forbidden, type StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Admission, AdmissionRequest } from '../registry/types.ts'

/** One plugin; it throws a StatusError to refuse. */
export interface Plugin {
  mutate?(request: AdmissionRequest): Promise<void> | void
  validate?(request: AdmissionRequest): Promise<void> | void
}

/** All `mutate` in order, and later all `validate` in order. */
export function chain(plugins: readonly Plugin[]): Admission {
  return {
    async mutate(request) {
      for (const plugin of plugins) await plugin.mutate?.(request)
    },
    async validate(request) {
      for (const plugin of plugins) await plugin.validate?.(request)
    },
  }
}

/** Whether the request is about this resource of the group. */
export const isAbout = (kind: Kind, group: string, plural: string): boolean =>
  kind.group === group && kind.plural === plural

// staging/src/k8s.io/apiserver/pkg/admission/errors.go NewForbidden
/** The 403 by which a plugin refuses. */
export function refuse({ kind, name, object }: AdmissionRequest, message: string): StatusError {
  const generateName = object?.metadata.generateName
  const shown = name !== '' ? name : (object?.metadata.name ?? generateName ?? '')
  return forbidden({ group: kind.group, plural: kind.plural }, shown, message)
}
