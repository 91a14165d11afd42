import { release } from 'node:os'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Runtime } from '../types.ts'
import { asRuntimeError, call, createDocker, limits, type DockerContext, type LogFiles } from './client.ts'
import * as containers from './containers.ts'
import { containerEvents } from './events.ts'
import { attach, exec, execSync } from './exec.ts'
import { mountImage } from './image-mount.ts'
import * as images from './images.ts'
import { containerLogs } from './logs.ts'
import { containerPlaces } from './places.ts'
import * as sandbox from './sandbox.ts'
import { ContainerMeter } from './stats.ts'

export interface DockerRuntimeOptions {
  /** unix:///path of Docker's socket. */
  endpoint: string
  nodeName: string
  infraImage: string
  networkName: string
  negativeOomScores: boolean
  logFiles?: LogFiles
  clock: Clock
  log: Logger
}

interface DockerInfo {
  DockerRootDir?: string
  CgroupDriver?: string
  KernelVersion?: string
  Runtimes?: Readonly<Record<string, unknown>>
}

/** The Docker engine behind CRI's operations. Nothing is called before the first operation. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime & { context: DockerContext } {
  const context: DockerContext = { ...options, ...createDocker(options.endpoint) }
  const meter = new ContainerMeter(context)
  return {
    context,
    version: async (signal) => {
      const version = await call(context, signal, limits.read, () => context.docker.version())
      return { runtimeName: 'docker', runtimeVersion: version.Version, runtimeApiVersion: version.ApiVersion }
    },
    status: async (signal) => {
      try {
        await call(context, signal, limits.read, () => context.docker.ping())
        return undefined
      } catch (error) {
        signal.throwIfAborted()
        return asRuntimeError(error, context.socketPath).message
      }
    },
    runtimeHandlers: async (signal) => {
      const { Runtimes } = (await call(context, signal, limits.read, () => context.docker.info())) as DockerInfo
      // what Docker remaps it remaps for all containers alike, and its binds are read-only without what is below them
      const features = { recursiveReadOnlyMounts: false, userNamespaces: false }
      return ['', ...Object.keys(Runtimes ?? {}).toSorted()].map((name) => ({ name, ...features }))
    },
    runtimeConfig: async (signal) => {
      const info = (await call(context, signal, limits.read, () => context.docker.info())) as DockerInfo
      // an engine in a virtual machine has that machine's cgroups
      const here = info.KernelVersion === release()
      return { cgroupDriver: here ? (info.CgroupDriver ?? 'none') : 'none' }
    },
    runPodSandbox: (config, signal) => sandbox.runPodSandbox(context, config, signal),
    stopPodSandbox: (id, signal) => sandbox.stopPodSandbox(context, id, signal),
    removePodSandbox: (id, signal) => sandbox.removePodSandbox(context, id, signal),
    listPodSandbox: (filter, signal) => sandbox.listPodSandbox(context, filter, signal),
    podSandboxStatus: (id, signal) => sandbox.podSandboxStatus(context, id, signal),
    createContainer: (id, config, pod, signal) => containers.createContainer(context, id, config, pod, signal),
    startContainer: (id, signal) => containers.startContainer(context, id, signal),
    stopContainer: (id, grace, signal) => containers.stopContainer(context, id, grace, signal),
    updateContainerResources: (id, resources, signal) =>
      containers.updateContainerResources(context, id, resources, signal),
    removeContainer: (id, signal) => sandbox.remove(context, id, signal),
    listContainers: (filter, signal) => containers.listContainers(context, filter, signal),
    containerStatus: (id, signal) => containers.containerStatus(context, id, signal),
    execSync: (id, command, timeoutMs, signal) => execSync(context, id, command, timeoutMs, signal),
    exec: (id, options, signal) => exec(context, id, options, signal),
    attach: (id, options, signal) => attach(context, id, options, signal),
    containerLogs: (id, options, signal) => containerLogs(context, id, options, signal),
    containerStats: (filter, signal) => meter.measure(filter, signal),
    containerPlaces: (id, signal) => containerPlaces(context, id, signal),
    imageFsPath: async (signal) => {
      const { DockerRootDir } = (await call(context, signal, limits.read, () => context.docker.info())) as DockerInfo
      return DockerRootDir ?? '/'
    },
    containerEvents: (signal) => containerEvents(context, signal),
    listImages: (signal) => images.listImages(context, signal),
    imageStatus: (image, signal) => images.imageStatus(context, image, signal),
    pullImage: (image, auth, signal) => images.pullImage(context, image, auth, signal),
    removeImage: (image, signal) => images.removeImage(context, image, signal),
    imagesInUse: (signal) => images.imagesInUse(context, signal),
    mountImage: (id, place, signal) => mountImage(context, id, place, signal),
  }
}
