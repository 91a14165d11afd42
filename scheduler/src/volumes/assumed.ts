import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { objectKey, type KubeObject } from '@kubets/shared/machinery/object.ts'
import type { VolumeObjects } from './objects.ts'

/** Objects as this scheduler is about to write them. Each holds until the API says something newer of it. */
class Overlay<T extends KubeObject> {
  readonly #assumed = new Map<string, T>()

  assume(object: T): void {
    this.#assumed.set(objectKey(object), object)
  }

  forget(key: string): void {
    this.#assumed.delete(key)
  }

  over(object: T): T {
    const key = objectKey(object)
    const assumed = this.#assumed.get(key)
    if (!assumed) return object
    if (assumed.metadata.resourceVersion === object.metadata.resourceVersion) return assumed
    this.#assumed.delete(key)
    return object
  }
}

/** The API's objects with what was decided since: a volume that is promised to a claim is nobody else's. */
// pkg/scheduler/util/assumecache/assume_cache.go
export class AssumedVolumes implements VolumeObjects {
  /** As the API has them. */
  readonly api: VolumeObjects
  readonly #volumes = new Overlay<PersistentVolume>()
  readonly #claims = new Overlay<PersistentVolumeClaim>()

  constructor(api: VolumeObjects) {
    this.api = api
  }

  claim(key: string): PersistentVolumeClaim | undefined {
    const claim = this.api.claim(key)
    return claim && this.#claims.over(claim)
  }

  volume(name: string): PersistentVolume | undefined {
    const volume = this.api.volume(name)
    return volume && this.#volumes.over(volume)
  }

  volumes(): PersistentVolume[] {
    return this.api.volumes().map((volume) => this.#volumes.over(volume))
  }

  storageClass = (name: string) => this.api.storageClass(name)
  driver = (name: string) => this.api.driver(name)
  capacities = () => this.api.capacities()
  csiNode = (name: string) => this.api.csiNode(name)
  attachments = (node: string) => this.api.attachments(node)

  assumeVolume(volume: PersistentVolume): void {
    this.#volumes.assume(volume)
  }

  assumeClaim(claim: PersistentVolumeClaim): void {
    this.#claims.assume(claim)
  }

  forgetVolume(volume: PersistentVolume): void {
    this.#volumes.forget(objectKey(volume))
  }

  forgetClaim(claim: PersistentVolumeClaim): void {
    this.#claims.forget(objectKey(claim))
  }
}
