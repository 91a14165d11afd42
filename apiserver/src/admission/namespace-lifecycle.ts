import { namespaces } from '@kubets/shared/api/resources.gen.ts'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { forbidden, notFound, StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

// staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go Lifecycle.Admit
/** Nothing is created in a namespace that is not there or is going, and some namespaces never go. */
export function namespaceLifecycle(lookup: Lookup): Plugin {
  return {
    async mutate(request) {
      const { operation, kind, name, namespace } = request
      if (isAbout(kind, '', 'namespaces')) {
        if (operation === 'DELETE' && immortal.has(name)) {
          throw forbidden({ group: '', plural: 'namespaces' }, name, 'this namespace may not be deleted')
        }
        return
      }
      if (namespace === undefined || operation === 'DELETE' || isReview(request)) return
      refuseByNamespace(request, namespace, await lookup.get(namespaces, namespace))
    },
  }
}

/** Throws when the namespace does not take what the request brings. */
export function refuseByNamespace(request: AdmissionRequest, name: string, namespace: Namespace | undefined): void {
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, name)
  const going = namespace.status?.phase === 'Terminating' || namespace.metadata.deletionTimestamp !== undefined
  if (request.operation !== 'CREATE' || !going) return
  const { status } = refuse(request, `unable to create new content in namespace ${name} because it is being terminated`)
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${name} is being terminated`,
    field: 'metadata.namespace',
  }
  throw new StatusError({ ...status, details: { ...status.details, causes: [cause] } })
}

/** Asking what one may do there works in any namespace, so that nothing is told about which exist. */
const isReview = ({ kind }: AdmissionRequest): boolean =>
  isAbout(kind, 'authorization.k8s.io', 'localsubjectaccessreviews')
