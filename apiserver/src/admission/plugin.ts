import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { forbidden, type StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Admission, AdmissionRequest } from '../registry/types.ts'
import { Reinvocation } from './webhook/reinvocation.ts'

/** One plugin; it throws a StatusError to refuse. */
export interface Plugin {
  /** It is asked about CONNECT too, not only about what is written. */
  readonly connects?: true
  mutate?(request: AdmissionRequest, reinvocation: Reinvocation): Promise<void> | void
  validate?(request: AdmissionRequest): Promise<void> | void
}

/**
 * All `mutate` in order, and later all `validate` in order. When a webhook has changed the object, all `mutate` are run
 * once more: those before it have not seen the change.
 */
// staging/src/k8s.io/apiserver/pkg/admission/reinvocation.go reinvoker.Admit
export function chain(plugins: readonly Plugin[]): Admission {
  const asked = ({ operation }: AdmissionRequest): readonly Plugin[] =>
    operation === 'CONNECT' ? plugins.filter(({ connects }) => connects) : plugins
  return {
    async mutate(request) {
      const reinvocation = new Reinvocation()
      for (const plugin of asked(request)) await plugin.mutate?.(request, reinvocation)
      if (!reinvocation.needed) return
      reinvocation.round = 1
      for (const plugin of asked(request)) await plugin.mutate?.(request, reinvocation)
    },
    async validate(request) {
      for (const plugin of asked(request)) await plugin.validate?.(request)
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
