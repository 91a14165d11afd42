import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodAddresses } from '../containers/downward.ts'
import { DynamicResourcesError, hasClaims } from '../dra/claims.ts'
import { hostsFile, nodeHostsFile, podHostname } from '../network/names.ts'
import { formatResolvConf, parseResolvConf, podResolvConf } from '../network/resolv-conf.ts'
import {
  RuntimeError,
  type Mount,
  type PodIdentity,
  type PodSandboxConfig,
  type PodSandboxStatus,
  type PortMapping,
} from '../runtime/types.ts'
import type { PodDeps } from './deps.ts'
import { keys } from './model.ts'
import { dotted } from './sysctls.ts'

const sandboxRetryMs = 5000

/** The Pod's identity for the runtime. */
export function identityOf(pod: Pod): PodIdentity {
  const { name = '', namespace = '', uid = '' } = pod.metadata
  return { name, namespace, uid }
}

/** The addresses of a Pod whose sandbox runs. */
export function addressesOf({ node }: PodDeps, sandbox: PodSandboxStatus | undefined): PodAddresses {
  const onHost = sandbox?.network === 'NODE'
  return { podIPs: onHost ? node.ips : (sandbox?.ips ?? []), hostIPs: node.ips }
}

/** What the runtime must know of the Pod's sandbox. */
// pkg/kubelet/kuberuntime/kuberuntime_sandbox.go generatePodSandboxConfig
export function sandboxConfig(
  deps: PodDeps,
  pod: Pod,
  attempt: number,
  runtimeHandler: string,
  cgroupParent: string,
): PodSandboxConfig {
  const { spec } = pod
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return {
    pod: identityOf(pod),
    attempt,
    hostname: podHostname(pod, deps.node.name, deps.dns.clusterDomain).hostname,
    namespaces: {
      network: spec.hostNetwork ? 'NODE' : 'POD',
      pid: spec.hostPID ? 'NODE' : spec.shareProcessNamespace ? 'POD' : 'CONTAINER',
      ipc: spec.hostIPC ? 'NODE' : 'POD',
    },
    portMappings: containers.flatMap(hostPorts),
    sysctls: Object.fromEntries((spec.securityContext?.sysctls ?? []).map(({ name, value }) => [dotted(name), value])),
    privileged: false,
    runtimeHandler,
    cgroupParent,
    // its containers go to the same runtime, whatever becomes of the class
    labels: runtimeHandler === '' ? {} : { [keys.runtimeHandler]: runtimeHandler },
    annotations: {},
  }
}

function hostPorts(container: Container): PortMapping[] {
  return (container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({
      protocol: (port.protocol ?? 'TCP') as PortMapping['protocol'],
      containerPort: port.containerPort,
      hostPort: port.hostPort ?? 0,
      hostIP: port.hostIP ?? '',
    }))
}

/** What is said of a sandbox that did not start, and how long it is left alone. */
// pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod
export function sandboxFailure(error: unknown): { reason: string; message: string; waitMs: number } {
  const text = error instanceof Error ? error.message : String(error)
  if (text.startsWith('network is not ready')) return { reason: 'NetworkNotReady', message: text, waitMs: 1000 }
  if (error instanceof DynamicResourcesError) {
    const message = `Failed to prepare dynamic resources: ${text}`
    return { reason: 'FailedPrepareDynamicResources', message, waitMs: sandboxRetryMs }
  }
  const away = error instanceof RuntimeError && error.code === 'Unavailable'
  const message = `Failed to create pod sandbox: ${text}`
  return { reason: 'FailedCreatePodSandBox', message, waitMs: away ? 1000 : sandboxRetryMs }
}

/**
 * Starts a sandbox; `interrupt` ends waiting for drivers, but nothing else. Rejects with the runtime's error, with a
 * DynamicResourcesError, or with why there is no network.
 */
export async function runSandbox(
  deps: PodDeps,
  pod: Pod,
  attempt: number,
  interrupt: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  if (!pod.spec.hostNetwork && deps.network.problem !== undefined) {
    throw new Error(`network is not ready: ${deps.network.problem}`)
  }
  if (hasClaims(pod)) await deps.dra.prepare(pod, interrupt)
  const handler = await runtimeHandler(deps, pod, signal)
  if (pod.spec.hostUsers === false) throw new Error(noUserNamespaces(handler))
  const cgroup = await podCgroup(deps, pod, signal)
  await deps.runtime.runPodSandbox(sandboxConfig(deps, pod, attempt, handler, cgroup), signal)
  if (!pod.spec.hostNetwork) await deps.network.allowHairpin()
}

/** Makes the Pod's cgroup, if it is not there, and answers its name. Rejects with why that cannot be. */
// pkg/kubelet/kubelet.go SyncPod
export async function podCgroup({ cgroups, recorder }: PodDeps, pod: Pod, signal: AbortSignal): Promise<string> {
  try {
    return await cgroups.ensure(pod, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof RuntimeError) throw error
    const why = (error as Error).message
    recorder.event(pod, 'Warning', 'FailedCreatePodContainer', `unable to ensure pod container exists: ${why}`)
    throw new Error(
      `failed to ensure that the pod: ${pod.metadata.uid} cgroups exist and are correctly applied: ${why}`,
    )
  }
}

// pkg/kubelet/userns/userns_manager.go GetOrCreateUserNamespaceMappings
function noUserNamespaces(handler: string): string {
  const who = handler === '' ? 'runtime' : `RuntimeClass handler "${handler}"`
  return `can't set \`spec.hostUsers: false\`, ${who} does not support user namespaces`
}

// pkg/kubelet/runtimeclass/runtimeclass_manager.go LookupRuntimeHandler
async function runtimeHandler(deps: PodDeps, pod: Pod, signal: AbortSignal): Promise<string> {
  const name = pod.spec.runtimeClassName
  if (!name) return ''
  const found = await deps.objects.runtimeClass(name, signal)
  if (!found) throw new Error(`runtimeclass.node.k8s.io "${name}" not found`)
  return found.handler
}

/** Writes the Pod's /etc/hosts and /etc/resolv.conf and says where to mount them. */
export async function systemMounts(deps: PodDeps, pod: Pod, podIPs: readonly string[]): Promise<Mount[]> {
  const podDir = deps.volumes.podDir(pod.metadata.uid ?? '')
  const { hostname, fqdn } = podHostname(pod, deps.node.name, deps.dns.clusterDomain)
  const aliases = pod.spec.hostAliases ?? []
  const hosts = pod.spec.hostNetwork
    ? nodeHostsFile(await readFile('/etc/hosts', 'utf8').catch(() => ''), aliases)
    : hostsFile(podIPs, hostname, fqdn, aliases)
  const host = parseResolvConf(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
  const { conf, missing } = podResolvConf(pod, host, deps.dns)
  if (missing && pod.spec.dnsPolicy === 'ClusterFirstWithHostNet') {
    const message = `kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.`
    deps.recorder.event(pod, 'Warning', 'MissingClusterDNS', message)
  }
  const files = { 'etc-hosts': hosts, 'etc-resolv.conf': formatResolvConf(conf) }
  // in place: containers that run already have this very file mounted
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(podDir, name), text, { mode: 0o644 })
  return [
    { hostPath: path.join(podDir, 'etc-hosts'), containerPath: '/etc/hosts', readonly: false, propagation: 'private' },
    {
      hostPath: path.join(podDir, 'etc-resolv.conf'),
      containerPath: '/etc/resolv.conf',
      readonly: false,
      propagation: 'private',
    },
  ]
}
