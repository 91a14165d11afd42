import type { KubeObject } from '../../../machinery/object.ts'
import type { Endpoint, EndpointSlice } from '../../types/discovery-v1.ts'

const zoneLabel = 'topology.kubernetes.io/zone'

/** An endpoint of v1beta1, where the zone is one of its labels. */
interface OldEndpoint extends Omit<Endpoint, 'deprecatedTopology' | 'zone'> {
  topology?: Record<string, string>
}

// pkg/apis/discovery/v1beta1/conversion.go Convert_v1beta1_Endpoint_To_discovery_Endpoint
function endpointToV1({ topology, ...rest }: OldEndpoint): Endpoint {
  const { [zoneLabel]: zone, ...others } = topology ?? {}
  return {
    ...rest,
    ...(Object.keys(others).length > 0 && { deprecatedTopology: others }),
    ...(zone !== undefined && { zone }),
  }
}

// pkg/apis/discovery/v1beta1/conversion.go Convert_discovery_Endpoint_To_v1beta1_Endpoint
function endpointFromV1({ deprecatedTopology, zone, ...rest }: Endpoint): OldEndpoint {
  const topology = { ...deprecatedTopology, ...(zone !== undefined && { [zoneLabel]: zone }) }
  return { ...rest, ...(Object.keys(topology).length > 0 && { topology }) }
}

export function sliceToV1(obj: KubeObject): KubeObject {
  const { endpoints, ...rest } = obj as unknown as { endpoints?: OldEndpoint[] } & KubeObject
  return { ...rest, ...(endpoints && { endpoints: endpoints.map(endpointToV1) }) } as KubeObject
}

export function sliceFromV1(obj: KubeObject): KubeObject {
  const { endpoints, ...rest } = obj as EndpointSlice
  return { ...rest, ...(endpoints && { endpoints: endpoints.map(endpointFromV1) }) } as KubeObject
}
