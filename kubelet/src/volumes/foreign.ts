import path from 'node:path'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { MountedVolume } from '../containers/mounts.ts'
import { isBlock, type CsiVolume } from '../csi/requests.ts'
import type { CsiVolumes } from '../csi/volumes.ts'
import type { ObjectSource } from '../objects.ts'
import { deviceUsage, remoteUsage } from '../stats/foreign-usage.ts'
import { readFileSystem } from '../stats/machine.ts'
import type { MeasuredVolume } from '../stats/sizes.ts'
import { VolumeProcessError } from './errors.ts'
import { LocalDisks } from './local.ts'
import { mapPersistent, persistentVolumeOf, setUpPersistent } from './persistent.ts'
import { setUpNfs } from './nfs.ts'
import type { TokenCache } from './tokens.ts'

export interface ForeignVolumesOptions {
  rootDir: string
  objects: ObjectSource
  csi: CsiVolumes
  clock: Clock
}

interface Place extends MountedVolume {
  csi?: CsiVolume
  /** What it takes, where that can be told. */
  measure?: MeasuredVolume['measure']
}

/** Volumes that are not the kubelet's own: persistent ones, and those that drivers make. */
export class ForeignVolumes {
  readonly #options: ForeignVolumesOptions
  readonly #tokens: TokenCache
  readonly #disks: LocalDisks
  /** Where they are, by the Pod's uid and the volume's name. */
  readonly #places = new Map<string, Map<string, Place>>()

  constructor(options: ForeignVolumesOptions, tokens: TokenCache) {
    this.#options = options
    this.#tokens = tokens
    this.#disks = new LocalDisks(options.rootDir)
  }

  /** Where a volume of the Pod is; undefined before it is set up. */
  find(pod: Pod, name: string): MountedVolume | undefined {
    return this.#places.get(pod.metadata.uid ?? '')?.get(name)
  }

  /** Sets a volume up, or does what it needs from time to time. */
  async setUp(pod: Pod, volume: Volume, signal: AbortSignal): Promise<void> {
    const uid = pod.metadata.uid ?? ''
    const places = this.#places.get(uid) ?? new Map<string, Place>()
    this.#places.set(uid, places)
    const before = places.get(volume.name)
    if (!before) places.set(volume.name, await this.#place(pod, volume, signal))
    else if (before.csi) await this.#refresh(pod, volume, before.csi, before.readonly, signal)
  }

  /** Those of the Pod that tell how full they are. */
  measured(pod: Pod): MeasuredVolume[] {
    const { uid = '' } = pod.metadata
    const places = this.#places.get(uid)
    return (pod.spec.volumes ?? []).flatMap((volume): MeasuredVolume[] => {
      const place = places?.get(volume.name)
      const measure = place?.measure
      const claim = claimNameOf(pod, volume)
      const about = { name: volume.name, ...(claim !== undefined && { claim }) }
      return measure ? [{ ...about, measure }] : []
    })
  }

  /** Takes all of them from a Pod. Rejects when one does not go. */
  async tearDown(uid: string, signal: AbortSignal): Promise<void> {
    await this.#options.csi.tearDown(uid, signal)
    await this.#disks.tearDown(uid, signal)
    this.#places.delete(uid)
  }

  async #refresh(pod: Pod, volume: Volume, csi: CsiVolume, readonly: boolean, signal: AbortSignal): Promise<void> {
    const { csi: volumes, objects } = this.#options
    const tokens = this.#tokens
    await volumes.refresh({ pod, volume: csi, readonly, tokens }, signal)
    if (csi.mode !== 'Persistent') return
    // what became of the claim does not matter to a Pod that has its volume
    const now = await persistentVolumeOf(pod, volume, objects, signal).catch(() => undefined)
    const source = now?.volume.spec.csi
    if (!now || !source) return
    const grown: CsiVolume = { mode: 'Persistent', volume: now.volume, source }
    await volumes.grow({ pod, volume: grown, claim: now.claim, readonly, tokens }, signal)
  }

  async #place(pod: Pod, volume: Volume, signal: AbortSignal): Promise<Place> {
    if (volume.csi) {
      const csi: CsiVolume = { mode: 'Ephemeral', name: volume.name, source: volume.csi }
      return this.#setUpCsi(pod, csi, volume.csi.readOnly ?? false, signal)
    }
    if (volume.nfs) {
      const readonly = volume.nfs.readOnly ?? false
      const mount = { name: volume.name, source: volume.nfs, readonly, mountOptions: [] }
      const place = await setUpNfs(this.#podDir(pod), mount, signal)
      return { path: place, readonly, measure: remoteUsage(place, this.#options.clock) }
    }
    const { claim, volume: found } = await persistentVolumeOf(pod, volume, this.#options.objects, signal).catch(
      (error: unknown) => {
        signal.throwIfAborted()
        throw new VolumeProcessError((error as Error).message)
      },
    )
    const readonly = volume.persistentVolumeClaim?.readOnly ?? false
    const source = found.spec.csi
    if (source) return this.#setUpCsi(pod, { mode: 'Persistent', volume: found, source }, readonly, signal, claim)
    if (found.spec.volumeMode === 'Block') {
      const device = await mapPersistent(this.#options.rootDir, pod.metadata.uid ?? '', found)
      return { path: device, readonly, isDevice: true, measure: () => deviceUsage(device) }
    }
    const place = await setUpPersistent(this.#podDir(pod), this.#disks, pod, found, readonly, signal)
    const { local, nfs } = found.spec
    if (local) return { path: place, readonly, measure: () => readFileSystem(place) }
    return nfs ? { path: place, readonly, measure: remoteUsage(place, this.#options.clock) } : { path: place, readonly }
  }

  #podDir(pod: Pod): string {
    return path.join(this.#options.rootDir, 'pods', pod.metadata.uid ?? '')
  }

  async #setUpCsi(
    pod: Pod,
    volume: CsiVolume,
    readonly: boolean,
    signal: AbortSignal,
    claim?: PersistentVolumeClaim,
  ): Promise<Place> {
    const { csi } = this.#options
    await csi.setUp({ pod, volume, readonly, tokens: this.#tokens, ...(claim && { claim }) }, signal)
    const { uid = '' } = pod.metadata
    const measure = (until: AbortSignal) => csi.usage(uid, volume, until)
    return { path: csi.place(uid, volume), readonly, isDevice: isBlock(volume), csi: volume, measure }
  }
}

/** Whether the volume is of a claim, one that the Pod names or one made for it, of a driver, or another machine's. */
export const isForeign = ({ persistentVolumeClaim, ephemeral, csi, nfs }: Volume): boolean =>
  [persistentVolumeClaim, ephemeral, csi, nfs].some((source) => source !== undefined)
