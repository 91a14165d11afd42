// The runtime as the kubelet sees it: CRI's operations, names and states (cri-api/pkg/apis/runtime/v1/api.proto), so
// that a CRI runtime can stand in for Docker. Every call takes an AbortSignal and is bounded in time by the
// implementation; ids are opaque strings; times are milliseconds since the epoch.
import type { Readable, Writable } from 'node:stream'

/** Identity of a Pod as it is written into labels of everything that belongs to it. */
export interface PodIdentity {
  name: string
  namespace: string
  uid: string
}

/** POD: a namespace of the Pod's own, CONTAINER: one for each container, NODE: the host's. */
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE'

export interface NamespaceOptions {
  network: 'POD' | 'NODE'
  pid: NamespaceMode
  ipc: 'POD' | 'NODE'
}

export interface PortMapping {
  protocol: 'TCP' | 'UDP' | 'SCTP'
  containerPort: number
  hostPort: number
  hostIP: string
}

export interface PodSandboxConfig {
  pod: PodIdentity
  attempt: number
  hostname: string
  namespaces: NamespaceOptions
  portMappings: readonly PortMapping[]
  sysctls: Readonly<Record<string, string>>
  privileged: boolean
  /** Which of the runtimes it knows runs the sandbox (CRI's runtime_handler); its own choice if empty. */
  runtimeHandler: string
  /** The cgroup below which the sandbox and its containers are made; the runtime's own choice if empty. */
  cgroupParent: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
}

export type PodSandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY'

export interface PodSandbox {
  id: string
  pod: PodIdentity
  attempt: number
  state: PodSandboxState
  createdAt: number
  labels: Readonly<Record<string, string>>
}

export interface PodSandboxStatus extends PodSandbox {
  /** The Pod's addresses, preferred one first; empty with the host's network or when the sandbox does not run. */
  ips: readonly string[]
  network: 'POD' | 'NODE'
  /** Process id (in the host's PID namespace) that holds the sandbox's namespaces; undefined when it does not run. */
  pid: number | undefined
}

export interface Mount {
  hostPath: string
  containerPath: string
  readonly: boolean
  propagation: 'private' | 'rslave' | 'rshared'
}

export interface Device {
  hostPath: string
  containerPath: string
  permissions: string
}

export interface LinuxResources {
  /** Relative CPU weight (cgroup v1 scale, 2..262144). */
  cpuShares: number
  /** Microseconds of CPU per `cpuPeriod`; 0 is unlimited. */
  cpuQuota: number
  cpuPeriod: number
  /** Bytes; 0 is unlimited. */
  memoryLimit: number
  oomScoreAdj: number
  /** The CPUs it may be on, as 0-2,4; any when undefined. */
  cpusetCpus?: string
}

export interface ContainerSecurity {
  runAsUser: number | undefined
  /** Where the user has a name alone; else empty. */
  runAsUsername: string
  runAsGroup: number | undefined
  supplementalGroups: readonly number[]
  privileged: boolean
  capabilitiesAdd: readonly string[]
  capabilitiesDrop: readonly string[]
  readonlyRootfs: boolean
  noNewPrivileges: boolean
  /** Name of an AppArmor profile that the node has, or 'unconfined'; the runtime's own if empty. */
  appArmor: string
  unmaskedProc: boolean
  /** 'RuntimeDefault' or 'Unconfined', or the JSON of a profile. */
  seccomp: string
}

export interface ContainerConfig {
  name: string
  attempt: number
  image: string
  /** Replaces the image's entrypoint when it has an element. */
  command: readonly string[]
  /** Replaces the image's arguments when it has an element (or when command has one). */
  args: readonly string[]
  workingDir: string
  /** Name of the signal that asks it to end; the image's if empty. */
  stopSignal: string
  /** "NAME=value", in order. */
  env: readonly string[]
  mounts: readonly Mount[]
  devices: readonly Device[]
  /** Qualified names (vendor.com/class=name) of devices that the runtime knows how to give it. */
  cdiDevices: readonly string[]
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  stdin: boolean
  stdinOnce: boolean
  tty: boolean
  resources: LinuxResources
  security: ContainerSecurity
  /** The container whose processes it sees (CRI's NamespaceMode TARGET); undefined: as the sandbox says. */
  pidTarget: string | undefined
}

export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN'

export interface Container {
  id: string
  sandboxId: string
  name: string
  attempt: number
  pod: PodIdentity
  state: ContainerState
  image: string
  imageId: string
  createdAt: number
  labels: Readonly<Record<string, string>>
}

export interface ContainerStatus extends Container {
  /** 0 while it has not started. */
  startedAt: number
  /** 0 while it has not ended. */
  finishedAt: number
  exitCode: number
  /** Signal that ended it, 0 if none is known. */
  signal: number
  /** Completed, Error, OOMKilled or ContainerCannotRun; empty while it has not ended. */
  reason: string
  message: string
  /** "repository@sha256:…" if the image came from a registry, else its id. */
  imageRef: string
  mounts: readonly Mount[]
  tty: boolean
  stdin: boolean
}

export interface PodFilter {
  podUid?: string
}

export interface ExecResult {
  stdout: Buffer
  stderr: Buffer
  exitCode: number
}

export interface ExecOptions {
  command: readonly string[]
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

/** A running exec or attach. With a tty everything arrives on stdout. */
export interface StreamSession {
  /** Ending it closes the process's standard input. Absent when not asked for. */
  stdin: Writable | undefined
  stdout: Readable | undefined
  stderr: Readable | undefined
  /** Sets the terminal's size in characters; does nothing without a tty. */
  resize(width: number, height: number): Promise<void>
  /** Exit code when the process has ended and its output was read; 0 for attach. Rejects when aborted. */
  done: Promise<number>
  /** Gives the streams up. The process itself goes on. */
  close(): void
}

export interface AttachOptions {
  stdin: boolean
  stdout: boolean
  stderr: boolean
}

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  /** Lines from the end; undefined is all. */
  tail?: number
  /** Milliseconds since the epoch. */
  since?: number
}

/** Logs of a container, demultiplexed. Both streams end when there is no more (without follow) or the container ended. */
export interface LogStreams {
  stdout: Readable
  stderr: Readable
  close(): void
}

export interface AuthConfig {
  username?: string
  password?: string
  auth?: string
  serverAddress?: string
  identityToken?: string
  registryToken?: string
}

export interface Image {
  id: string
  repoTags: readonly string[]
  repoDigests: readonly string[]
  /** Bytes. */
  size: number
  /** User the image names: numeric, or a name. */
  uid: number | undefined
  username: string
}

/** Something happened to a container or sandbox of ours. `missed` means that events may be lost: look at everything. */
export type ContainerEvent =
  | { type: 'created' | 'started' | 'stopped' | 'deleted'; containerId: string; podUid: string; isSandbox: boolean }
  | { type: 'missed' }

export interface RuntimeVersion {
  runtimeName: string
  runtimeVersion: string
  runtimeApiVersion: string
}

/** One of the OCI runtimes that sandboxes can be given to (CRI's RuntimeHandler); the runtime's own choice if unnamed. */
export interface RuntimeHandler {
  name: string
  /** Whether it can make mounts read-only together with all below them. */
  recursiveReadOnlyMounts: boolean
  userNamespaces: boolean
}

export interface RuntimeConfig {
  /** Who makes cgroups: cgroupfs, systemd, or none when they are not this machine's. */
  cgroupDriver: string
}

export interface NetworkInterfaceStats {
  name: string
  rxBytes: number
  rxErrors: number
  txBytes: number
  txErrors: number
}

/** What something uses of memory and processes, as the kernel counts them. */
export interface ResourceUsage {
  memoryUsageBytes: number
  memoryWorkingSetBytes: number
  memoryRssBytes: number
  pageFaults: number
  majorPageFaults: number
  processes: number
}

export interface RuntimeStats extends ResourceUsage {
  containerId: string
  name: string
  /** What the runtime calls the container. */
  runtimeName: string
  image: string
  pod: PodIdentity
  isSandbox: boolean
  startedAt: number
  /** Milliseconds since the epoch. */
  timestamp: number
  cpuUsageNanoSeconds: number
  /** Of a sandbox with a network of its own. */
  network: readonly NetworkInterfaceStats[]
}

/** Where a container writes on this machine. */
export interface ContainerPlaces {
  /** The folder with what differs from its image, or, if the runtime has none, how many bytes that is now. */
  rootfs: string | number | undefined
  /** The file its log goes to; what is rotated away stands beside it, under longer names. */
  log: string | undefined
}

/** CRI's RuntimeService. Errors are RuntimeError. */
export interface RuntimeService {
  version(signal: AbortSignal): Promise<RuntimeVersion>
  /** undefined when the runtime answers and is ready, else why not. */
  status(signal: AbortSignal): Promise<string | undefined>
  /** Part of CRI's status. */
  runtimeHandlers(signal: AbortSignal): Promise<RuntimeHandler[]>
  runtimeConfig(signal: AbortSignal): Promise<RuntimeConfig>

  runPodSandbox(config: PodSandboxConfig, signal: AbortSignal): Promise<string>
  /** Stops the sandbox and every container in it at once. A sandbox that is gone or stopped is no error. */
  stopPodSandbox(id: string, signal: AbortSignal): Promise<void>
  /** Removes the sandbox and all containers of it. One that is gone is no error. */
  removePodSandbox(id: string, signal: AbortSignal): Promise<void>
  listPodSandbox(filter: PodFilter, signal: AbortSignal): Promise<PodSandbox[]>
  podSandboxStatus(id: string, signal: AbortSignal): Promise<PodSandboxStatus>

  createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandbox: PodSandboxConfig,
    signal: AbortSignal,
  ): Promise<string>
  startContainer(id: string, signal: AbortSignal): Promise<void>
  /** Sends the stop signal, after `graceSeconds` SIGKILL, and resolves when the container has ended. */
  stopContainer(id: string, graceSeconds: number, signal: AbortSignal): Promise<void>
  /** Gives a running container other limits and weights; all but its score for when memory runs out. */
  /** What is not named stays as it is. */
  updateContainerResources(id: string, resources: Partial<LinuxResources>, signal: AbortSignal): Promise<void>
  removeContainer(id: string, signal: AbortSignal): Promise<void>
  listContainers(filter: PodFilter, signal: AbortSignal): Promise<Container[]>
  containerStatus(id: string, signal: AbortSignal): Promise<ContainerStatus>

  /** Runs a command to its end. Output beyond 16 KiB a stream is dropped. Rejects with code 'Timeout' when it takes longer. */
  execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult>
  /** Starts a command; bounded in time by the signal alone once it runs. */
  exec(id: string, options: ExecOptions, signal: AbortSignal): Promise<StreamSession>
  attach(id: string, options: AttachOptions, signal: AbortSignal): Promise<StreamSession>
  /** Not CRI's (there the kubelet reads files), but Docker keeps the logs itself. */
  containerLogs(id: string, options: LogOptions, signal: AbortSignal): Promise<LogStreams>
  containerStats(filter: PodFilter, signal: AbortSignal): Promise<RuntimeStats[]>
  /** Not CRI's (there the runtime measures what containers take), but Docker does not count inodes. */
  containerPlaces(id: string, signal: AbortSignal): Promise<ContainerPlaces>
  /** A place on the file system that has the images and the containers (CRI's ImageFsInfo). */
  imageFsPath(signal: AbortSignal): Promise<string>

  /** Events for as long as the signal lives; reconnects by itself and then yields `missed`. */
  containerEvents(signal: AbortSignal): AsyncIterable<ContainerEvent>
}

/** CRI's ImageService. */
export interface ImageService {
  listImages(signal: AbortSignal): Promise<Image[]>
  /** undefined when the image is not there. */
  imageStatus(image: string, signal: AbortSignal): Promise<Image | undefined>
  /** Returns the image's id. */
  pullImage(image: string, auth: AuthConfig | undefined, signal: AbortSignal): Promise<string>
  /** Removes an image under all its names. One that is gone is no error. */
  removeImage(image: string, signal: AbortSignal): Promise<void>
  /** The ids of the images that any container has, whoever made it, and of that which sandboxes are made of. */
  imagesInUse(signal: AbortSignal): Promise<Set<string>>
  /**
   * Mounts what is in an image at a place of the host, read-only. Not CRI's (there it is a kind of Mount), but Docker has
   * no such mounts.
   */
  mountImage(id: string, place: string, signal: AbortSignal): Promise<void>
}

export type Runtime = RuntimeService & ImageService

/** NotFound: no such container, sandbox or image. Unavailable: the runtime does not answer. */
export type RuntimeErrorCode = 'NotFound' | 'Conflict' | 'Unavailable' | 'Timeout' | 'Unknown'

/** An error of the runtime, with the runtime's own message. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RuntimeError'
    this.code = code
  }
}

/** True when the runtime says that the thing asked for does not exist. */
export function isRuntimeNotFound(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === 'NotFound'
}
