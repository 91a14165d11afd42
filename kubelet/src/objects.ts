import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
} from '@kubets/shared/api/types/core-v1.ts'
import type { RuntimeClass } from '@kubets/shared/api/types/node-v1.ts'
import type { CSIDriver, VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'

export interface BoundToken {
  token: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

export interface TokenQuestion {
  namespace: string
  serviceAccount: string
  /** The API server's own when undefined. */
  audience: string | undefined
  expirationSeconds: number
  pod: { name: string; uid: string }
}

/** What the kubelet reads of other objects on behalf of its Pods. */
export interface ObjectSource {
  /** undefined when there is none. */
  configMap(namespace: string, name: string, signal: AbortSignal): Promise<ConfigMap | undefined>
  /** undefined when there is none. */
  secret(namespace: string, name: string, signal: AbortSignal): Promise<Secret | undefined>
  /** undefined when there is none. */
  runtimeClass(name: string, signal: AbortSignal): Promise<RuntimeClass | undefined>
  /** undefined when there is none. */
  claim(namespace: string, name: string, signal: AbortSignal): Promise<PersistentVolumeClaim | undefined>
  /** undefined when there is none. */
  persistentVolume(name: string, signal: AbortSignal): Promise<PersistentVolume | undefined>
  /** undefined when there is none. */
  csiDriver(name: string, signal: AbortSignal): Promise<CSIDriver | undefined>
  /** undefined when there is none. */
  volumeAttachment(name: string, signal: AbortSignal): Promise<VolumeAttachment | undefined>
  /** Merges this into the claim's status. */
  patchClaimStatus(claim: PersistentVolumeClaim, status: object, signal: AbortSignal): Promise<void>
  /** All Services of a namespace, from the cache. */
  services(namespace: string): readonly Service[]
  token(question: TokenQuestion, signal: AbortSignal): Promise<BoundToken>
}
