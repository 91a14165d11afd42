import {
  configMaps,
  csiDrivers,
  persistentVolumeClaims,
  persistentVolumes,
  runtimeClasses,
  secrets,
  serviceAccounts,
  volumeAttachments,
} from '@kubets/shared/api/resources.gen.ts'
import type { TokenRequest } from '@kubets/shared/api/types/authentication-v1.ts'
import type { PersistentVolumeClaim, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Lister } from '@kubets/shared/client/informer.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { BoundToken, ObjectSource, TokenQuestion } from './objects.ts'

/** Reads objects from the API server: Services from the cache, all else when it is needed. */
export class ApiObjects implements ObjectSource {
  readonly #client: Client
  readonly #services: Lister<Service>

  constructor(client: Client, services: Lister<Service>) {
    this.#client = client
    this.#services = services
  }

  configMap(namespace: string, name: string, signal: AbortSignal) {
    return this.#find(configMaps, namespace, name, signal)
  }

  secret(namespace: string, name: string, signal: AbortSignal) {
    return this.#find(secrets, namespace, name, signal)
  }

  runtimeClass(name: string, signal: AbortSignal) {
    return this.#find(runtimeClasses, undefined, name, signal)
  }

  claim(namespace: string, name: string, signal: AbortSignal) {
    return this.#find(persistentVolumeClaims, namespace, name, signal)
  }

  serviceAccount(namespace: string, name: string, signal: AbortSignal) {
    return this.#find(serviceAccounts, namespace, name, signal)
  }

  persistentVolume(name: string, signal: AbortSignal) {
    return this.#find(persistentVolumes, undefined, name, signal)
  }

  csiDriver(name: string, signal: AbortSignal) {
    return this.#find(csiDrivers, undefined, name, signal)
  }

  volumeAttachment(name: string, signal: AbortSignal) {
    return this.#find(volumeAttachments, undefined, name, signal)
  }

  async patchClaimStatus({ metadata }: PersistentVolumeClaim, status: object, signal: AbortSignal): Promise<void> {
    const options = { type: 'merge', namespace: metadata.namespace ?? '', subresource: 'status', signal } as const
    await this.#client.patch(persistentVolumeClaims, metadata.name ?? '', { status }, options)
  }

  services(namespace: string): Service[] {
    return this.#services.list(namespace)
  }

  async token(question: TokenQuestion, signal: AbortSignal): Promise<BoundToken> {
    const { namespace, serviceAccount, audience, expirationSeconds, pod } = question
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: audience === undefined ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid },
      },
    }
    const options = { namespace, name: serviceAccount, subresource: 'token', signal }
    const answer = await this.#client.create(serviceAccounts, request, options)
    if (!answer.status) throw new Error(`no token for service account ${namespace}/${serviceAccount}`)
    return { token: answer.status.token, expiresAt: parseTime(answer.status.expirationTimestamp) }
  }

  async #find<T extends KubeObject>(
    ref: ResourceRef<T>,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ) {
    try {
      return await this.#client.get(ref, name, { ...(namespace === undefined ? {} : { namespace }), signal })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}
