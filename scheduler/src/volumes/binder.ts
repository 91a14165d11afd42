import { persistentVolumeClaims, persistentVolumes } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { bindCompleted, selectedNode } from '@kubets/shared/api/volume-binding.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { Changes } from '../changes.ts'
import type { AssumedVolumes } from './assumed.ts'
import type { PodVolumes } from './find.ts'
import { isReachable, type VolumeObjects } from './objects.ts'

interface BinderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly objects: AssumedVolumes
  /** Whether the Pod is still there, and the labels of the node while that is. */
  readonly podExists: (key: string) => boolean
  readonly nodeLabels: (name: string) => Readonly<Record<string, string>> | undefined
}

/** The claim as it asks for a volume where the node is. */
export function placed(claim: PersistentVolumeClaim, node: string): PersistentVolumeClaim {
  const annotations = { ...claim.metadata.annotations, [selectedNode]: node }
  return { ...claim, metadata: { ...claim.metadata, annotations } }
}

/** What was written, and whether that has come to be: false while it has not. Throws when it never will. */
// pkg/scheduler/framework/plugins/volumebinding/binder.go checkBindings
export function isDone(
  { bindings, provisions }: PodVolumes,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  objects: VolumeObjects,
): boolean {
  const bound = (claim: PersistentVolumeClaim): boolean =>
    Boolean(claim.spec?.volumeName) && claim.metadata.annotations?.[bindCompleted] !== undefined
  const known = (what: string, claim: PersistentVolumeClaim): PersistentVolumeClaim => {
    const now = objects.claim(objectKey(claim))
    if (!now) throw new Error(`failed to check ${what}: could not find pvc "${objectKey(claim)}"`)
    return now
  }
  const reach = (volume: PersistentVolume): void => {
    if (isReachable(volume, node.labels)) return
    const names = `pv "${volume.metadata.name}" node affinity doesn't match node "${node.name}"`
    throw new Error(`${names}: no matching NodeSelectorTerms`)
  }
  for (const binding of bindings) {
    const name = binding.volume.metadata.name ?? ''
    const volume = objects.volume(name)
    if (!volume) throw new Error(`failed to check binding: could not find pv "${name}"`)
    const claim = known('binding', binding.claim)
    if (isOlder(volume, binding.volume)) return false
    reach(volume)
    if (!volume.spec?.claimRef?.uid) throw new Error(`ClaimRef got reset for pv "${name}"`)
    if (!bound(claim)) return false
  }
  for (const written of provisions) {
    const claim = known('provisioning pvc', written)
    if (isOlder(claim, written)) return false
    if (!claim.metadata.annotations) throw new Error(`selectedNode annotation reset for PVC "${claim.metadata.name}"`)
    if (claim.metadata.annotations[selectedNode] !== node.name) {
      throw new Error(`provisioning failed for PVC "${claim.metadata.name}"`)
    }
    const volume = claim.spec?.volumeName ? objects.volume(claim.spec.volumeName) : undefined
    // the volume may be known a moment later than its claim
    if (claim.spec?.volumeName && !volume) return false
    if (volume) reach(volume)
    if (!bound(claim)) return false
  }
  return true
}

function isOlder(a: PersistentVolume | PersistentVolumeClaim, b: PersistentVolume | PersistentVolumeClaim): boolean {
  return BigInt(a.metadata.resourceVersion ?? '0') < BigInt(b.metadata.resourceVersion ?? '0')
}

/** Tells the API which volume is whose, and waits until the controller has bound them. */
// pkg/scheduler/framework/plugins/volumebinding/binder.go BindPodVolumes
export class VolumeBinder {
  readonly #options: BinderOptions
  readonly #changes = new Changes()

  constructor(options: BinderOptions) {
    this.#options = options
  }

  /** A claim, a volume or a Pod changed: who waits looks again. */
  changed(): void {
    this.#changes.tell()
  }

  /** Throws when the claims cannot be bound, are not within the time, or the Pod is gone. */
  async bind(pod: string, node: string, wanted: PodVolumes, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { client } = this.#options
    const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = []
    for (const { claim, volume } of wanted.bindings) {
      bindings.push({ claim, volume: await client.update(persistentVolumes, volume, { signal }) })
    }
    const provisions: PersistentVolumeClaim[] = []
    for (const claim of wanted.provisions) {
      provisions.push(await client.update(persistentVolumeClaims, claim, { signal }))
    }
    await this.#until(pod, node, { bindings, provisions }, timeoutMs, signal)
  }

  async #until(pod: string, node: string, written: PodVolumes, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { clock, objects, podExists, nodeLabels } = this.#options
    const look = (): boolean => {
      const labels = nodeLabels(node)
      if (!labels) throw new Error(`failed to get node "${node}": node "${node}" not found`)
      if (!podExists(pod)) throw new Error('pod does not exist any more')
      return isDone(written, { name: node, labels }, objects.api)
    }
    try {
      await this.#changes.until(look, clock, timeoutMs, signal)
    } catch (error) {
      throw new Error(`binding volumes: ${(error as Error).message}`, { cause: error })
    }
  }
}
