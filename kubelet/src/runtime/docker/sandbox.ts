import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from 'dockerode'
import type { PodFilter, PodSandbox, PodSandboxConfig, PodSandboxStatus } from '../types.ts'
import { RuntimeError, isRuntimeNotFound } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { dockerLabels, dockerName, labelNames, readLabels, type ContainerType } from './naming.ts'

// pkg/kubelet/kuberuntime/kuberuntime_sandbox.go: the sandbox is the last to be killed when memory runs out
const sandboxOomScoreAdj = -998

/** Makes and starts the container that holds the Pod's namespaces; returns its id. */
export async function runPodSandbox(context: DockerContext, config: PodSandboxConfig, signal: AbortSignal) {
  const options = sandboxOptions(context, config)
  const id = await createOrAdopt(context, options, signal)
  try {
    const container = context.docker.getContainer(id)
    await call(context, signal, limits.write, (abortSignal) => container.start({ abortSignal }))
  } catch (error) {
    // a sandbox that never ran holds nothing worth keeping, and its name is needed again
    await removePodSandbox(context, id, signal).catch(() => undefined)
    throw error
  }
  return id
}

/** Creates a container; one of the same name that is left from an interrupted attempt is removed first. */
export async function createOrAdopt(context: DockerContext, options: ContainerCreateOptions, signal: AbortSignal) {
  const create = (): Promise<string> =>
    call(context, signal, limits.write, async (abortSignal) => {
      return (await context.docker.createContainer({ ...options, abortSignal })).id
    })
  try {
    return await create()
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'Conflict' || options.name === undefined) throw error
    const left = context.docker.getContainer(options.name)
    const info = await call(context, signal, limits.read, (abortSignal) => left.inspect({ abortSignal }))
    if (info.Config.Labels[labelNames.node] !== context.nodeName || info.State.Running) throw error
    await call(context, signal, limits.write, (abortSignal) => left.remove({ force: true, v: true, abortSignal }))
    return create()
  }
}

function sandboxOptions(context: DockerContext, config: PodSandboxConfig): ContainerCreateOptions {
  const hostNetwork = config.namespaces.network === 'NODE'
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  const exposed: Record<string, object> = {}
  for (const port of hostNetwork ? [] : config.portMappings) {
    const key = `${port.containerPort}/${port.protocol.toLowerCase()}`
    exposed[key] = {}
    if (port.hostPort > 0) (bindings[key] ??= []).push({ HostIp: port.hostIP, HostPort: String(port.hostPort) })
  }
  return {
    name: dockerName('POD', config.pod, config.attempt),
    Image: context.infraImage,
    ...(hostNetwork ? {} : { Hostname: config.hostname }),
    Labels: dockerLabels(
      context.nodeName,
      'podsandbox',
      config.pod,
      'POD',
      config.attempt,
      config.labels,
      config.annotations,
    ),
    ExposedPorts: exposed,
    HostConfig: {
      NetworkMode: hostNetwork ? 'host' : context.networkName,
      IpcMode: config.namespaces.ipc === 'NODE' ? 'host' : 'shareable',
      ...(config.namespaces.pid === 'NODE' ? { PidMode: 'host' } : {}),
      PortBindings: bindings,
      ...(config.runtimeHandler === '' ? {} : { Runtime: config.runtimeHandler }),
      ...(config.cgroupParent === '' ? {} : { CgroupParent: config.cgroupParent }),
      Privileged: config.privileged,
      Sysctls: { ...config.sysctls },
      CpuShares: 2,
      OomScoreAdj: context.negativeOomScores ? sandboxOomScoreAdj : 0,
      SecurityOpt: ['seccomp=unconfined', 'no-new-privileges'],
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: '' },
    },
  }
}

/** Stops the sandbox's containers and then the sandbox, without grace. */
export async function stopPodSandbox(context: DockerContext, id: string, signal: AbortSignal): Promise<void> {
  const inside = await listOurs(context, { [labelNames.sandboxId]: id }, signal)
  await Promise.all(inside.filter((one) => one.State === 'running').map((one) => kill(context, one.Id, signal)))
  await kill(context, id, signal)
}

async function kill(context: DockerContext, id: string, signal: AbortSignal): Promise<void> {
  try {
    await call(context, signal, limits.write, (abortSignal) =>
      context.docker.getContainer(id).stop({ t: 0, abortSignal }),
    )
  } catch (error) {
    if (!isRuntimeNotFound(error) && !isNotModified(error)) throw error
  }
}

/** Docker answers 304 to a stop of what does not run. */
export function isNotModified(error: unknown): boolean {
  return error instanceof RuntimeError && (error.cause as { statusCode?: number } | undefined)?.statusCode === 304
}

/** Removes the sandbox and everything in it. */
export async function removePodSandbox(context: DockerContext, id: string, signal: AbortSignal): Promise<void> {
  const inside = await listOurs(context, { [labelNames.sandboxId]: id }, signal)
  await Promise.all(inside.map((one) => remove(context, one.Id, signal)))
  await remove(context, id, signal)
}

/** Removes a container with its anonymous volumes; one that is gone, or being removed, is no error. */
export async function remove(context: DockerContext, id: string, signal: AbortSignal): Promise<void> {
  try {
    await call(context, signal, limits.write, (abortSignal) =>
      context.docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
    )
  } catch (error) {
    const alreadyGoing = error instanceof RuntimeError && error.code === 'Conflict'
    if (!isRuntimeNotFound(error) && !alreadyGoing) throw error
  }
}

/** All containers of this node that carry the given labels. */
export function listOurs(
  context: DockerContext,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ContainerInfo[]> {
  const label = Object.entries({ [labelNames.node]: context.nodeName, ...labels }).map(([k, v]) => `${k}=${v}`)
  return call(context, signal, limits.read, (abortSignal) =>
    context.docker.listContainers({ all: true, filters: { label }, abortSignal }),
  )
}

interface Question {
  signal: AbortSignal
  answer: Promise<ContainerInfo[]>
}

const questions = new WeakMap<DockerContext, Map<string, Question>>()

/**
 * The containers of this node, or of one of its Pods, that are of this type. Who asks for both types in the same moment,
 * as every look at a Pod does, asks Docker once.
 */
export async function listType(
  context: DockerContext,
  type: ContainerType,
  { podUid }: PodFilter,
  signal: AbortSignal,
) {
  const open = questions.get(context) ?? new Map<string, Question>()
  questions.set(context, open)
  const key = podUid ?? ''
  let question = open.get(key)
  if (question?.signal !== signal) {
    const ask = (): Promise<ContainerInfo[]> => {
      // it is being asked: who comes now may want to know of what happens meanwhile
      if (open.get(key) === question) open.delete(key)
      return listOurs(context, podUid ? { [labelNames.podUid]: podUid } : {}, signal)
    }
    question = { signal, answer: Promise.resolve().then(ask) }
    open.set(key, question)
  }
  return (await question.answer).filter((one) => one.Labels[labelNames.type] === type)
}

/** The sandboxes of this node, running and not. */
export async function listPodSandbox(context: DockerContext, filter: PodFilter, signal: AbortSignal) {
  const found = await listType(context, 'podsandbox', filter, signal)
  return found.flatMap((info): PodSandbox[] => {
    const own = readLabels(info.Labels)
    if (!own) return []
    const state = info.State === 'running' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY'
    return [
      { id: info.Id, pod: own.pod, attempt: own.attempt, state, createdAt: info.Created * 1000, labels: info.Labels },
    ]
  })
}

/** One sandbox with its addresses and process. */
export async function podSandboxStatus(context: DockerContext, id: string, signal: AbortSignal) {
  const info = await call(context, signal, limits.read, (abortSignal) =>
    context.docker.getContainer(id).inspect({ abortSignal }),
  )
  return sandboxStatus(info)
}

function sandboxStatus(info: ContainerInspectInfo): PodSandboxStatus {
  const own = readLabels(info.Config.Labels)
  if (own?.type !== 'podsandbox') throw new RuntimeError('NotFound', `${info.Id} is not a sandbox of this kubelet`)
  const networks = Object.values(info.NetworkSettings.Networks)
  const ips = networks.flatMap((network) => [network.IPAddress, network.GlobalIPv6Address]).filter((ip) => ip)
  return {
    id: info.Id,
    pod: own.pod,
    attempt: own.attempt,
    state: info.State.Running ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: Date.parse(info.Created),
    labels: info.Config.Labels,
    ips,
    network: info.HostConfig.NetworkMode === 'host' ? 'NODE' : 'POD',
    pid: info.State.Running ? info.State.Pid : undefined,
  }
}
