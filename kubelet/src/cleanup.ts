import { realClock } from '@kubets/shared/process/clock.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { PodNetwork } from './network/network.ts'
import { openCgroups } from './cgroups/open.ts'
import { removeUnused } from './cgroups/pods.ts'
import type { Options } from './options.ts'
import { createDockerRuntime } from './runtime/docker/index.ts'
import { mountsBelow, unmount } from './volumes/mounts.ts'

/** Removes this node's containers, network, kernel rules and mounts; nothing of anybody else's. */
export async function cleanUp(options: Options, signal: AbortSignal): Promise<void> {
  const log = createLogger('kubelet')
  const { endpoint, nodeName, infraImage } = options
  const networkName = `kubets-${nodeName}`
  const runtime = createDockerRuntime({
    endpoint,
    nodeName,
    infraImage,
    networkName,
    negativeOomScores: false,
    clock: realClock,
    log,
  })
  const containers = await runtime.listContainers({}, signal)
  await Promise.all(containers.map((one) => runtime.removeContainer(one.id, signal)))
  const sandboxes = await runtime.listPodSandbox({}, signal)
  await Promise.all(sandboxes.map((one) => runtime.removePodSandbox(one.id, signal)))
  const tree = await openCgroups(options.cgroupsPerQos, realClock, log)
  if (tree) await removeUnused(tree, options.cgroupRoot)
  const network = new PodNetwork({ context: runtime.context, clusterCidr: options.clusterCidr, clock: realClock, log })
  await network.remove(signal)
  for (const place of await mountsBelow(options.rootDir)) await unmount(place, signal)
}
