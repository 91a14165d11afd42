import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodAddresses } from '../containers/downward.ts'
import { containerConfig } from '../containers/config.ts'
import { runHook } from '../containers/hooks.ts'
import { containerReference } from '../events.ts'
import { ensureImage, ImageError, type WantedImage } from '../images/ensure.ts'
import type { ContainerConfig, Image, PodSandboxStatus } from '../runtime/types.ts'
import type { PodDeps } from './deps.ts'
import { killContainer, prepareToKill } from './kill-container.ts'
import { keys, newest, type PodRuntimeState, type StartFailure } from './model.ts'
import { addressesOf, podCgroup, sandboxConfig, systemMounts } from './sandbox.ts'
import type { StepOf } from './sync.ts'

/** A container did not start; what it waits with. */
export class StartError extends Error {
  readonly failure: StartFailure

  constructor(failure: StartFailure) {
    super(failure.message)
    this.name = 'StartError'
    this.failure = failure
  }
}

// pkg/kubelet/pod_workers.go backOffPeriod: when something that is missing is looked for again
const retryMs = 10_000
// long enough to be seen before the back-off takes the reason's place
const showErrorMs = 2000

/**
 * Pulls the image, creates and starts a container and runs its postStart hook. `interrupt` ends waiting (for a pull, for
 * a hook) but no call that changes something half way. Throws StartError, or the runtime's error when it is away.
 */
// pkg/kubelet/kuberuntime/kuberuntime_container.go startContainer
export async function startContainer(
  deps: PodDeps,
  pod: Pod,
  container: Container,
  step: StepOf<'startContainer'>,
  state: PodRuntimeState,
  sandbox: PodSandboxStatus,
  before: StartFailure | undefined,
  interrupt: AbortSignal,
): Promise<void> {
  const { runtime, recorder, clock, lifetime } = deps
  const about = containerReference(pod, container)
  const failed = (reason: string, message: string, inMs: number): StartError => {
    recorder.event(about, 'Warning', 'Failed', `Error: ${message}`)
    return new StartError({ reason, message, retryAt: clock.elapsed() + inMs })
  }
  const ensure = (wanted: WantedImage): Promise<Image> =>
    ensureImage(deps, pod, about, wanted, before?.pullSeconds ?? 0, interrupt).catch((error: unknown) => {
      if (!(error instanceof ImageError)) throw error
      recorder.event(about, 'Warning', 'Failed', `Error: ${error.failure.reason}`)
      throw new StartError(error.failure)
    })
  const image = await ensure({ image: container.image ?? '', policy: container.imagePullPolicy })
  const addresses = addressesOf(deps, sandbox)
  const notCreated = (error: unknown, reason: string): unknown => {
    interrupt.throwIfAborted()
    if (error instanceof StartError) return error
    return failed(reason, error instanceof Error ? error.message : String(error), retryMs)
  }
  let id: string
  try {
    await mountImages(deps, pod, container, ensure, interrupt)
    // whatever goes wrong here, be it that something is missing, is not allowed or cannot be read
    const config = await configure(deps, pod, container, step, state, image, addresses, interrupt).catch(
      (error: unknown) => {
        throw notCreated(error, 'CreateContainerConfigError')
      },
    )
    const handler = sandbox.labels[keys.runtimeHandler] ?? ''
    const podConfig = sandboxConfig(deps, pod, sandbox.attempt, handler, await podCgroup(deps, pod, lifetime))
    id = await runtime.createContainer(sandbox.id, config, podConfig, lifetime)
  } catch (error) {
    throw notCreated(error, 'CreateContainerError')
  }
  recorder.event(about, 'Normal', 'Created', 'Container created')
  try {
    await runtime.startContainer(id, lifetime)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw failed('RunContainerError', `failed to start container "${container.name}": ${message}`, showErrorMs)
  }
  recorder.event(about, 'Normal', 'Started', 'Container started')
  const hook = container.lifecycle?.postStart
  if (!hook) return
  try {
    const target = { container, containerId: id, podIP: addresses.podIPs[0] ?? '' }
    await runHook(runtime, clock, hook, target, interrupt)
  } catch (error) {
    interrupt.throwIfAborted()
    const message = error instanceof Error ? error.message : String(error)
    recorder.event(about, 'Warning', 'FailedPostStartHook', 'PostStartHook failed')
    deps.log.warn({ pod: pod.metadata.name, container: container.name, error: message }, 'postStart hook failed')
    const grace = pod.spec.terminationGracePeriodSeconds ?? 30
    const started = { id, name: container.name }
    const prepared = prepareToKill(deps, pod, started, grace, 'FailedPostStartHook', '', interrupt)
    await killContainer(deps, started, grace, prepared, interrupt)
    throw new StartError({ reason: 'PostStartHookError', message, retryAt: clock.elapsed() + showErrorMs })
  }
}

// pkg/kubelet/kuberuntime/kuberuntime_container.go generateContainerConfig
async function configure(
  deps: PodDeps,
  pod: Pod,
  container: Container,
  step: StepOf<'startContainer'>,
  state: PodRuntimeState,
  image: Image,
  addresses: PodAddresses,
  signal: AbortSignal,
): Promise<ContainerConfig> {
  const { uid = '' } = pod.metadata
  const claimed = deps.dra.devicesOf(pod, container)
  const devices = await deps.devices.starts(pod, container, deps.lifetime)
  const context = {
    pod,
    container,
    image,
    addresses,
    attempt: step.attempt,
    backOffSeconds: step.backOffSeconds,
    objects: deps.objects,
    allocatable: deps.node.allocatable,
    nodeMemoryBytes: deps.node.memoryBytes,
    devices,
    cdiDevices: [...devices.cdiDevices, ...claimed],
    cpus: {
      affinity: deps.cpus.affinity(uid, container.name),
      exclusive: deps.cpus.exclusive(uid, container.name).size > 0,
    },
    podDir: deps.volumes.podDir(uid),
    seccompDir: deps.node.seccompDir,
    volume: (name: string) => deps.volumes.find(pod, name),
    containerId: (name: string) => newest(state, name)?.id,
    systemMounts: await systemMounts(deps, pod, addresses.podIPs),
  }
  return containerConfig(context, signal)
}

/** Mounts the images that are volumes of the container. */
// pkg/kubelet/kuberuntime/kuberuntime_manager.go getImageVolumes
async function mountImages(
  deps: PodDeps,
  pod: Pod,
  container: Container,
  ensure: (wanted: WantedImage) => Promise<Image>,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, image } of pod.spec.volumes ?? []) {
    if (!image || !container.volumeMounts?.some((mount) => mount.name === name)) continue
    const { id } = await ensure({ image: image.reference ?? '', policy: image.pullPolicy })
    await deps.volumes.mountImage(pod, name, (place) => deps.runtime.mountImage(id, place, signal))
  }
}
