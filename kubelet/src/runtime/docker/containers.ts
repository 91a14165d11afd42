import type { ContainerCreateOptions, ContainerInspectInfo, MountSettings } from 'dockerode'
import type {
  Container,
  ContainerConfig,
  ContainerSecurity,
  ContainerState,
  ContainerStatus,
  LinuxResources,
  Mount,
  PodFilter,
  PodSandboxConfig,
} from '../types.ts'
import { RuntimeError, isRuntimeNotFound } from '../types.ts'
import { injectCdiDevices } from './cdi/inject.ts'
import { call, limits, type DockerContext } from './client.ts'
import { dockerLabels, dockerName, labelNames, readLabels } from './naming.ts'
import { createOrAdopt, isNotModified, listType } from './sandbox.ts'

// the log of one container instance
function logConfig({ logFiles = { maxBytes: 10 << 20, maxFiles: 5 } }: DockerContext) {
  const { maxBytes, maxFiles } = logFiles
  const Config = maxBytes < 0 ? {} : { 'max-size': String(maxBytes), 'max-file': String(maxFiles) }
  return { Type: 'json-file', Config }
}

/** Creates a container in the sandbox's namespaces; returns its id. */
export async function createContainer(
  context: DockerContext,
  sandboxId: string,
  config: ContainerConfig,
  sandbox: PodSandboxConfig,
  signal: AbortSignal,
): Promise<string> {
  const whole = await injectCdiDevices(config)
  return createOrAdopt(context, containerOptions(context, sandboxId, whole, sandbox), signal)
}

function containerOptions(
  context: DockerContext,
  sandboxId: string,
  config: ContainerConfig,
  sandbox: PodSandboxConfig,
): ContainerCreateOptions {
  const { security, resources } = config
  const inSandbox = `container:${sandboxId}`
  const podPidMode = { NODE: 'host', POD: inSandbox, CONTAINER: undefined }[sandbox.namespaces.pid]
  const pidMode = config.pidTarget === undefined ? podPidMode : `container:${config.pidTarget}`
  const labels = { ...config.labels, [labelNames.sandboxId]: sandboxId }
  const oomScoreAdj = context.negativeOomScores ? resources.oomScoreAdj : Math.max(0, resources.oomScoreAdj)
  const user = userOf(security)
  return {
    name: dockerName(config.name, sandbox.pod, config.attempt),
    Image: config.image,
    Labels: dockerLabels(
      context.nodeName,
      'container',
      sandbox.pod,
      config.name,
      config.attempt,
      labels,
      config.annotations,
    ),
    ...(user === undefined ? {} : { User: user }),
    // Docker keeps the image's arguments only as long as the entrypoint is the image's too
    ...(config.command.length > 0 ? { Entrypoint: [...config.command], Cmd: [...config.args] } : {}),
    ...(config.command.length === 0 && config.args.length > 0 ? { Cmd: [...config.args] } : {}),
    Env: [...config.env],
    WorkingDir: config.workingDir,
    ...(config.stopSignal === '' ? {} : { StopSignal: config.stopSignal }),
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    Tty: config.tty,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      Binds: config.mounts.filter((mount) => !mount.hostPath.includes(':')).map(bind),
      Mounts: config.mounts.filter((mount) => mount.hostPath.includes(':')).map(bindMount),
      Devices: config.devices.map((device) => ({
        PathOnHost: device.hostPath,
        PathInContainer: device.containerPath,
        CgroupPermissions: device.permissions,
      })),
      NetworkMode: inSandbox,
      IpcMode: sandbox.namespaces.ipc === 'NODE' ? 'host' : inSandbox,
      ...(pidMode === undefined ? {} : { PidMode: pidMode }),
      ...(sandbox.namespaces.network === 'NODE' ? { UTSMode: 'host' } : {}),
      CpuShares: resources.cpuShares,
      ...(resources.cpusetCpus === undefined ? {} : { CpusetCpus: resources.cpusetCpus }),
      ...(resources.cpuQuota > 0 ? { CpuQuota: resources.cpuQuota, CpuPeriod: resources.cpuPeriod } : {}),
      // as much swap as memory in Docker's terms means none on top
      ...(resources.memoryLimit > 0 ? { Memory: resources.memoryLimit, MemorySwap: resources.memoryLimit } : {}),
      OomScoreAdj: oomScoreAdj,
      ...(sandbox.runtimeHandler === '' ? {} : { Runtime: sandbox.runtimeHandler }),
      ...(sandbox.cgroupParent === '' ? {} : { CgroupParent: sandbox.cgroupParent }),
      Privileged: security.privileged,
      CapAdd: [...security.capabilitiesAdd],
      CapDrop: [...security.capabilitiesDrop],
      GroupAdd: security.supplementalGroups.map(String),
      ReadonlyRootfs: security.readonlyRootfs,
      SecurityOpt: securityOpt(config),
      ...(security.unmaskedProc ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
      LogConfig: logConfig(context),
      RestartPolicy: { Name: '' },
    },
  }
}

function userOf({ runAsUser, runAsUsername, runAsGroup }: ContainerSecurity): string | undefined {
  const user = runAsUser?.toString() ?? runAsUsername
  if (user === '') return undefined
  return runAsGroup === undefined ? user : `${user}:${runAsGroup}`
}

function securityOpt({ security }: ContainerConfig): string[] {
  const options: string[] = []
  if (security.noNewPrivileges) options.push('no-new-privileges')
  if (security.appArmor !== '') options.push(`apparmor=${security.appArmor}`)
  if (security.seccomp === 'Unconfined') options.push('seccomp=unconfined')
  else if (security.seccomp !== 'RuntimeDefault') options.push(`seccomp=${security.seccomp}`)
  return options
}

function bind(mount: Mount): string {
  const flags = [mount.readonly ? 'ro' : 'rw', ...(mount.propagation === 'private' ? [] : [mount.propagation])]
  return `${mount.hostPath}:${mount.containerPath}:${flags.join(',')}`
}

/** The same for what `bind` cannot say, as colons part what it says; unlike there, Docker makes no folder of its own. */
function bindMount({ hostPath, containerPath, readonly, propagation }: Mount): MountSettings {
  return {
    Type: 'bind',
    Source: hostPath,
    Target: containerPath,
    ReadOnly: readonly,
    BindOptions: { Propagation: propagation === 'private' ? 'rprivate' : propagation },
  }
}

/** Starts a created container. */
export async function startContainer(context: DockerContext, id: string, signal: AbortSignal): Promise<void> {
  try {
    await call(context, signal, limits.write, (abortSignal) => context.docker.getContainer(id).start({ abortSignal }))
  } catch (error) {
    if (!isNotModified(error)) throw error
  }
}

/** Stop signal, grace, SIGKILL; one that is gone or ended is no error. */
export async function stopContainer(context: DockerContext, id: string, graceSeconds: number, signal: AbortSignal) {
  const t = Math.max(0, Math.ceil(graceSeconds))
  try {
    await call(context, signal, t * 1000 + limits.write, (abortSignal) =>
      context.docker.getContainer(id).stop({ t, abortSignal }),
    )
  } catch (error) {
    if (!isRuntimeNotFound(error) && !isNotModified(error)) throw error
  }
}

/** Changes a running container's limits. */
export async function updateContainerResources(
  context: DockerContext,
  id: string,
  { cpuShares, cpuQuota = 0, cpuPeriod, memoryLimit = 0, cpusetCpus }: Partial<LinuxResources>,
  signal: AbortSignal,
): Promise<void> {
  const limited = {
    ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
    ...(cpusetCpus === undefined ? {} : { CpusetCpus: cpusetCpus }),
    ...(cpuQuota > 0 ? { CpuQuota: cpuQuota, CpuPeriod: cpuPeriod } : {}),
    ...(memoryLimit > 0 ? { Memory: memoryLimit, MemorySwap: memoryLimit } : {}),
  }
  await call(context, signal, limits.write, (abortSignal) =>
    context.docker.getContainer(id).update({ ...limited, abortSignal }),
  )
}

/** The containers of this node without sandboxes, in every state. */
export async function listContainers(context: DockerContext, filter: PodFilter, signal: AbortSignal) {
  const found = await listType(context, 'container', filter, signal)
  return found.flatMap((info): Container[] => {
    const own = readLabels(info.Labels)
    if (!own) return []
    return [
      {
        id: info.Id,
        sandboxId: own.sandboxId,
        name: own.container,
        attempt: own.attempt,
        pod: own.pod,
        state: listedState(info.State),
        image: info.Image,
        imageId: info.ImageID,
        createdAt: info.Created * 1000,
        labels: info.Labels,
      },
    ]
  })
}

function listedState(state: string): ContainerState {
  if (state === 'created') return 'CONTAINER_CREATED'
  if (state === 'running' || state === 'paused') return 'CONTAINER_RUNNING'
  if (state === 'exited') return 'CONTAINER_EXITED'
  return 'CONTAINER_UNKNOWN'
}

/** Everything about one container. */
export async function containerStatus(context: DockerContext, id: string, signal: AbortSignal) {
  const info = await inspectContainer(context, id, signal)
  const own = readLabels(info.Config.Labels)
  if (own?.type !== 'container') throw new RuntimeError('NotFound', `${id} is not a container of this kubelet`)
  const imageRef = await imageRefOf(context, info.Image, signal)
  return toStatus(info, own, imageRef)
}

/** Docker's own description of a container. */
export function inspectContainer(context: DockerContext, id: string, signal: AbortSignal) {
  return call(context, signal, limits.read, (abortSignal) => context.docker.getContainer(id).inspect({ abortSignal }))
}

const imageRefs = new Map<string, string>()

// an image's id is the hash of its content, so what was learnt once holds (a later push may add a digest: harmless)
async function imageRefOf(context: DockerContext, imageId: string, signal: AbortSignal): Promise<string> {
  const known = imageRefs.get(imageId)
  if (known !== undefined) return known
  let ref = imageId
  try {
    const image = await call(context, signal, limits.read, () => context.docker.getImage(imageId).inspect())
    ref = (image.RepoDigests as string[] | undefined)?.[0] ?? imageId
  } catch (error) {
    if (!isRuntimeNotFound(error)) throw error
  }
  if (imageRefs.size > 1000) imageRefs.clear()
  imageRefs.set(imageId, ref)
  return ref
}

const goZeroTime = '0001-01-01T00:00:00Z'

function time(text: string): number {
  return text === goZeroTime || text === '' ? 0 : Date.parse(text)
}

// dockershim/docker_container.go ContainerStatus: a container that Docker could not start counts as ended
function toStatus(
  info: ContainerInspectInfo,
  own: NonNullable<ReturnType<typeof readLabels>>,
  imageRef: string,
): ContainerStatus {
  const createdAt = time(info.Created)
  let startedAt = time(info.State.StartedAt)
  let finishedAt = time(info.State.FinishedAt)
  let state: ContainerState
  let reason = ''
  if (info.State.Running) {
    state = 'CONTAINER_RUNNING'
    finishedAt = 0
  } else if (startedAt === 0 && info.State.ExitCode === 0) {
    state = 'CONTAINER_CREATED'
  } else {
    state = 'CONTAINER_EXITED'
    if (startedAt === 0) {
      reason = 'ContainerCannotRun'
      startedAt = createdAt
    } else if (info.State.OOMKilled) reason = 'OOMKilled'
    else reason = info.State.ExitCode === 0 ? 'Completed' : 'Error'
    // Docker notes the start of a very short run after its end
    finishedAt = Math.max(startedAt, finishedAt)
  }
  return {
    id: info.Id,
    sandboxId: own.sandboxId,
    name: own.container,
    attempt: own.attempt,
    pod: own.pod,
    state,
    image: info.Config.Image,
    imageId: info.Image,
    createdAt,
    labels: info.Config.Labels,
    startedAt,
    finishedAt,
    exitCode: info.State.ExitCode,
    signal: 0,
    reason,
    message: info.State.Error,
    imageRef,
    mounts: info.Mounts.map((mount) => ({
      hostPath: mount.Source,
      containerPath: mount.Destination,
      readonly: !mount.RW,
      propagation: mount.Propagation === 'rslave' || mount.Propagation === 'rshared' ? mount.Propagation : 'private',
    })),
    tty: info.Config.Tty,
    stdin: info.Config.OpenStdin,
  }
}
