import { nodes } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Lookup } from '../auth/lookup.ts'
import { isAbout, type Plugin } from './plugin.ts'

const topology = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

interface Binding {
  target?: { kind?: string; name?: string }
}

// plugin/pkg/admission/podtopologylabels/admission.go Plugin.Admit
/** A Pod knows the zone and the region of its node by its own labels, from when it has one. */
export function podTopologyLabels(lookup: Lookup): Plugin {
  return {
    async mutate({ operation, kind, subresource, object }) {
      if (operation !== 'CREATE' || object === undefined || !isAbout(kind, '', 'pods')) return
      const { target } = object as Binding
      const node =
        subresource === ''
          ? (object as Pod).spec.nodeName
          : subresource === 'binding' && (target?.kind ?? 'Node') === 'Node'
            ? target?.name
            : undefined
      if (!node) return
      const labels = (await lookup.get(nodes, node))?.metadata.labels ?? {}
      const wanted = topology.filter((key) => labels[key] !== undefined).map((key) => [key, labels[key] ?? ''])
      if (wanted.length === 0) return
      object.metadata.labels = { ...object.metadata.labels, ...(Object.fromEntries(wanted) as Record<string, string>) }
    },
  }
}
