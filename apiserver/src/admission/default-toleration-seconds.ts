import type { Pod, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import { tolerates } from '@kubets/shared/machinery/taints.ts'
import { isAbout, type Plugin } from './plugin.ts'

const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const seconds = 300

// plugin/pkg/admission/defaulttolerationseconds/admission.go Plugin.Admit
/** A Pod stays for five minutes on a node that is not ready or not reachable, unless it says something itself. */
export const defaultTolerationSeconds: Plugin = {
  mutate({ operation, kind, subresource, object }) {
    if (operation === 'DELETE' || subresource !== '' || !isAbout(kind, '', 'pods')) return
    const { spec } = object as Pod
    spec.tolerations = withDefaults(spec.tolerations)
  },
}

export function withDefaults(tolerations: Toleration[] | undefined): Toleration[] {
  const own = tolerations ?? []
  const missing = taints.filter((key) => !own.some((toleration) => tolerates(toleration, { key, effect: 'NoExecute' })))
  return [
    ...own,
    ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds })),
  ]
}
