import type { NetworkCreateOptions, NetworkInspectInfo } from 'dockerode'
import { isRuntimeNotFound, RuntimeError } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { labelNames } from './naming.ts'

/**
 * Sees to it that the Docker network of this node's Pods exists, with the subnet and the bridge device given. One with
 * another subnet is replaced, unless Pods are still on it: then this fails with Conflict.
 */
export async function ensurePodNetwork(
  context: DockerContext,
  subnet: string,
  gateway: string,
  device: string,
  signal: AbortSignal,
): Promise<void> {
  const present = await inspect(context, signal)
  if (present?.IPAM?.Config?.[0]?.Subnet === subnet) return
  if (present) await remove(context, signal)
  const options: NetworkCreateOptions = {
    Name: context.networkName,
    Driver: 'bridge',
    CheckDuplicate: true,
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway }] },
    Labels: { [labelNames.node]: context.nodeName },
    Options: {
      'com.docker.network.bridge.name': device,
      // masquerading is ours: Docker would hide the Pods from each other across nodes
      'com.docker.network.bridge.enable_ip_masquerade': 'false',
      'com.docker.network.bridge.enable_icc': 'true',
      // newer engines drop what is routed to a container otherwise; older ones ignore this
      'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected',
    },
  }
  await call(context, signal, limits.write, (abortSignal) => context.docker.createNetwork({ ...options, abortSignal }))
}

/** Removes the network if it is there. */
export async function removePodNetwork(context: DockerContext, signal: AbortSignal): Promise<void> {
  if (await inspect(context, signal)) await remove(context, signal)
}

async function inspect(context: DockerContext, signal: AbortSignal): Promise<NetworkInspectInfo | undefined> {
  try {
    const network = context.docker.getNetwork(context.networkName)
    const info: NetworkInspectInfo = await call(context, signal, limits.read, () => network.inspect())
    if (info.Labels?.[labelNames.node] !== context.nodeName) {
      throw new RuntimeError('Conflict', `the Docker network ${context.networkName} belongs to somebody else`)
    }
    return info
  } catch (error) {
    if (isRuntimeNotFound(error)) return undefined
    throw error
  }
}

function remove(context: DockerContext, signal: AbortSignal): Promise<unknown> {
  return call(context, signal, limits.write, (abortSignal) =>
    context.docker.getNetwork(context.networkName).remove({ abortSignal }),
  )
}
