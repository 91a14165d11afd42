import { configMaps, secrets } from '@kubets/shared/api/resources.gen.ts'
import type { ConfigMap, Pod, Secret } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { Reflector } from '@kubets/shared/client/reflector.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { ObjectSource } from '../objects.ts'
import { usedVolumes } from './used.ts'

type Kind = 'configMap' | 'secret'

/** The ConfigMaps and Secrets that the volumes of a Pod's containers show, each as "kind namespace/name". */
// pkg/kubelet/configmap/configmap_manager.go getConfigMapNames, secret/secret_manager.go getSecretNames: of volumes
export function volumeSources(pod: Pod): Set<string> {
  const found = new Set<string>()
  const add = (kind: Kind, name: string | undefined): unknown =>
    name && found.add(keyOf(kind, pod.metadata.namespace, name))
  for (const { configMap, secret, projected } of usedVolumes(pod)) {
    add('configMap', configMap?.name)
    add('secret', secret?.secretName)
    for (const source of projected?.sources ?? []) {
      add('configMap', source.configMap?.name)
      add('secret', source.secret?.name)
    }
  }
  return found
}

const keyOf = (kind: Kind, namespace = '', name = ''): string => `${kind} ${namespace}/${name}`

interface Followed {
  stop: AbortController
  pods: Set<string>
}

export interface VolumeSourcesOptions {
  client: Client
  objects: ObjectSource
  clock: Clock
  log: Logger
  /** The kubelet's own life. */
  lifetime: AbortSignal
  /** Called when something that volumes of the Pod show has come, changed or gone since it was last read. */
  changed(podUid: string): void
}

/** Follows the ConfigMaps and Secrets that are mounted here, each by its name, so that files change when they do. */
// pkg/kubelet/util/manager/watch_based_manager.go
export class VolumeSources {
  readonly #options: VolumeSourcesOptions
  readonly #followed = new Map<string, Followed>()
  /** The version in which each was last read; 0 when it was not there. */
  readonly #read = new Map<string, number>()
  /** The same, as the watch has it. */
  readonly #seen = new Map<string, number>()
  /** The same objects, where it is noted what is read. */
  readonly objects: ObjectSource

  constructor(options: VolumeSourcesOptions) {
    this.#options = options
    const { objects } = options
    this.objects = {
      configMap: async (namespace, name, signal) =>
        this.#note(keyOf('configMap', namespace, name), await objects.configMap(namespace, name, signal)),
      secret: async (namespace, name, signal) =>
        this.#note(keyOf('secret', namespace, name), await objects.secret(namespace, name, signal)),
      runtimeClass: (name, signal) => objects.runtimeClass(name, signal),
      claim: (namespace, name, signal) => objects.claim(namespace, name, signal),
      persistentVolume: (name, signal) => objects.persistentVolume(name, signal),
      csiDriver: (name, signal) => objects.csiDriver(name, signal),
      volumeAttachment: (name, signal) => objects.volumeAttachment(name, signal),
      patchClaimStatus: (claim, status, signal) => objects.patchClaimStatus(claim, status, signal),
      services: (namespace) => objects.services(namespace),
      token: (question, signal) => objects.token(question, signal),
    }
  }

  /** Follows what the Pod's volumes show, until it is forgotten. */
  follow(pod: Pod): void {
    const { uid = '' } = pod.metadata
    for (const key of volumeSources(pod)) {
      const known = this.#followed.get(key)
      if (known) known.pods.add(uid)
      else this.#begin(key, uid)
    }
  }

  forget(podUid: string): void {
    for (const [key, { stop, pods }] of this.#followed) {
      if (!pods.delete(podUid) || pods.size > 0) continue
      stop.abort()
      this.#followed.delete(key)
      this.#read.delete(key)
      this.#seen.delete(key)
    }
  }

  #begin(key: string, podUid: string): void {
    const stop = new AbortController()
    this.#followed.set(key, { stop, pods: new Set([podUid]) })
    const { client, clock, log, lifetime } = this.#options
    const [kind = '', place = ''] = key.split(' ')
    const [namespace = '', name = ''] = place.split('/')
    const reflector = new Reflector<ConfigMap | Secret>({
      client,
      clock,
      log,
      ref: kind === 'secret' ? secrets : configMaps,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      // what is in it is read when it is needed
      metadataOnly: true,
      onList: ([found]) => this.#see(key, found ? versionOf(found) : 0),
      onEvent: ({ type, object }) => this.#see(key, type === 'DELETED' ? 0 : versionOf(object)),
    })
    void reflector.run(AbortSignal.any([lifetime, stop.signal]))
  }

  #see(key: string, version: number): void {
    this.#seen.set(key, version)
    // what was not read yet is compared when it is
    if (this.#read.has(key) && this.#read.get(key) !== version) this.#changed(key)
  }

  #note<T extends ConfigMap | Secret>(key: string, read: T | undefined): T | undefined {
    if (!this.#followed.has(key)) return read
    const version = read ? versionOf(read) : 0
    this.#read.set(key, version)
    // it changed while it was on its way here
    const seen = this.#seen.get(key) ?? 0
    if (seen > version) this.#changed(key)
    // nobody watches what stays as it is
    if (read?.immutable) this.#followed.get(key)?.stop.abort()
    return read
  }

  #changed(key: string): void {
    for (const uid of this.#followed.get(key)?.pods ?? []) this.#options.changed(uid)
  }
}

const versionOf = ({ metadata }: ConfigMap | Secret): number => Number(metadata.resourceVersion ?? 0)
