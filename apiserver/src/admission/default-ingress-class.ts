import { ingressClasses } from '@kubets/shared/api/resources.gen.ts'
import type { Ingress } from '@kubets/shared/api/types/networking-v1.ts'
import type { Lookup } from '../auth/lookup.ts'
import { newestDefault } from '@kubets/shared/api/newest-default.ts'
import { isAbout, type Plugin } from './plugin.ts'

// plugin/pkg/admission/network/defaultingressclass/admission.go classDefaulterPlugin.Admit
/** An Ingress that says nothing of its class gets the default one. */
export function defaultIngressClass(lookup: Lookup): Plugin {
  return {
    mutate({ operation, kind, subresource, object }) {
      if (operation !== 'CREATE' || subresource !== '' || !isAbout(kind, 'networking.k8s.io', 'ingresses')) return
      const ingress = object as Ingress
      const { annotations } = ingress.metadata
      if (ingress.spec?.ingressClassName !== undefined || annotations?.['kubernetes.io/ingress.class'] !== undefined) {
        return
      }
      const found = newestDefault(lookup.list(ingressClasses), 'ingressclass.kubernetes.io/is-default-class')
      if (found) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name ?? '' }
    },
  }
}
