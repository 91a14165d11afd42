import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { isAbout, type Plugin } from './plugin.ts'

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

// plugin/pkg/admission/nodetaint/admission.go Plugin.Admit
/** A new node takes no Pods until the node controller has seen it ready. */
export const taintNodesByCondition: Plugin = {
  mutate({ operation, kind, subresource, object }) {
    if (operation !== 'CREATE' || subresource !== '' || !isAbout(kind, '', 'nodes')) return
    const node = object as Node
    const taints = (node.spec ??= {}).taints ?? []
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return
    node.spec.taints = [...taints, { ...notReady }]
  },
}
