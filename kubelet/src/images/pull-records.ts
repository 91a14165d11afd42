// With which credentials an image was pulled, and whether a Pod has one of them: pure.
// pkg/kubelet/images/pullmanager/image_pull_manager.go, k8s.io/kubelet/config/v1beta1/types.go
import { createHash } from 'node:crypto'
import { document, listOf, mapOf, scalar, struct } from '@kubets/shared/machinery/schema/struct.ts'
import type { AuthConfig } from '../runtime/types.ts'

/** Which object it is. */
export interface Coordinates {
  uid: string
  namespace: string
  name: string
}

/** Whose credentials they are, where not everybody on the node may use them. */
export interface CredentialSource {
  secret?: Coordinates
  serviceAccount?: Coordinates
}

/** Credentials of which is known where they come from; without a source they are the node's. */
// pkg/credentialprovider/keyring.go TrackedAuthConfig
export interface TrackedAuth {
  auth: AuthConfig
  source?: CredentialSource
}

export interface ImagePullSecret extends Coordinates {
  /** Of the credentials that were in it. */
  credentialHash: string
}

/** Who has shown that he may have an image. */
export interface ImagePullCredentials {
  kubernetesSecrets?: ImagePullSecret[]
  kubernetesServiceAccounts?: Coordinates[]
  /** Everybody on this node may. */
  nodePodsAccessible?: boolean
}

/** That the kubelet has pulled an image, and who may have it, by the names of its repositories. */
export interface ImagePulledRecord {
  lastUpdatedTime: string
  imageRef: string
  credentialMapping?: Record<string, ImagePullCredentials>
}

const coordinates = { uid: scalar('string'), namespace: scalar('string'), name: scalar('string') }
const credentials = struct('v1beta1.ImagePullCredentials', {
  kubernetesSecrets: listOf(struct('v1beta1.ImagePullSecret', { ...coordinates, credentialHash: scalar('string') })),
  kubernetesServiceAccounts: listOf(struct('v1beta1.ImagePullServiceAccount', coordinates)),
  nodePodsAccessible: scalar('bool'),
})

/** For strict decoding. */
export const recordSchemas = {
  ImagePullIntent: document('v1beta1.ImagePullIntent', { image: scalar('string') }),
  ImagePulledRecord: document('v1beta1.ImagePulledRecord', {
    lastUpdatedTime: scalar('string'),
    imageRef: scalar('string'),
    credentialMapping: mapOf(credentials),
  }),
} as const

/** The hash of credentials. Throws never. */
// pkg/credentialprovider/keyring.go hashAuthConfig: of what Go writes for its struct
export function hashOfAuth({ username, password }: AuthConfig): string {
  const said = { ...(username ? { username } : {}), ...(password ? { password } : {}) }
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  const text = JSON.stringify(said).replaceAll(/[<>&\u2028\u2029]/g, escape)
  return createHash('sha256').update(text).digest('hex')
}

const secretOf = ({ auth, source }: TrackedAuth): ImagePullSecret[] =>
  source?.secret ? [{ ...source.secret, credentialHash: hashOfAuth(auth) }] : []

/** What credentials that an image was pulled with prove; none prove that everybody may have it. */
// pkg/kubelet/images/image_manager.go trackedToImagePullCreds
export function provedBy(used: TrackedAuth | undefined): ImagePullCredentials {
  if (!used?.source) return { nodePodsAccessible: true }
  const { serviceAccount } = used.source
  return serviceAccount ? { kubernetesServiceAccounts: [serviceAccount] } : { kubernetesSecrets: secretOf(used) }
}

/** The record with what is proved now; the same when that is known. `proved` is undefined when nobody knows. */
// writePulledRecordIfChanged, pulledRecordMergeNewCreds
export function withProof(
  record: ImagePulledRecord,
  repository: string,
  proved: ImagePullCredentials | undefined,
): ImagePulledRecord {
  if (!proved) return record
  const { kubernetesSecrets = [], kubernetesServiceAccounts = [], nodePodsAccessible = false } = proved
  if (!nodePodsAccessible && kubernetesSecrets.length + kubernetesServiceAccounts.length === 0) return record
  const known = record.credentialMapping?.[repository]
  if (known?.nodePodsAccessible) return record
  const merged = !known || nodePodsAccessible ? proved : merge(known, proved)
  if (merged === known) return record
  return { ...record, credentialMapping: { ...record.credentialMapping, [repository]: merged } }
}

function merge(known: ImagePullCredentials, proved: ImagePullCredentials): ImagePullCredentials {
  const secrets = union(
    known.kubernetesSecrets,
    proved.kubernetesSecrets,
    (a, b) => a.credentialHash === b.credentialHash,
  )
  const accounts = union(known.kubernetesServiceAccounts, proved.kubernetesServiceAccounts, () => true)
  if (secrets === known.kubernetesSecrets && accounts === known.kubernetesServiceAccounts) return known
  return {
    ...(secrets && { kubernetesSecrets: secrets }),
    ...(accounts && { kubernetesServiceAccounts: accounts }),
  }
}

// mergePullSecrets, mergePullServiceAccounts: of each object what is newer, sorted
function union<T extends Coordinates>(
  known: T[] | undefined,
  proved: readonly T[] = [],
  same: (a: T, b: T) => boolean,
): T[] | undefined {
  const fresh = proved.filter((one) => !known?.some((other) => isSame(one, other) && same(one, other)))
  if (fresh.length === 0) return known
  const kept = (known ?? []).filter((one) => !fresh.some((other) => isSame(one, other)))
  return [...kept, ...fresh].toSorted((a, b) => compare(keyOf(a), keyOf(b)))
}

const keyOf = ({ namespace, name, uid }: Coordinates): string => [namespace, name, uid].join('\0')
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const isSame = (a: Coordinates, b: Coordinates): boolean => keyOf(a) === keyOf(b)

// writeRecordWhileMatchingLimit
const mostSecrets = 100

/**
 * Whether a Pod with these credentials may have the image; and what that proves which was not known: of the secret in
 * which credentials are that were proved before, or of credentials in a secret that were.
 */
// MustAttemptImagePull
export function matches(
  { kubernetesSecrets = [], kubernetesServiceAccounts = [] }: ImagePullCredentials,
  own: readonly TrackedAuth[],
): { matched: boolean; learnt?: ImagePullCredentials } {
  const mayLearn = kubernetesSecrets.length < mostSecrets
  for (const secret of own.flatMap(secretOf)) {
    const learnt = mayLearn ? { learnt: { kubernetesSecrets: [secret] } } : {}
    for (const known of kubernetesSecrets) {
      const sameHash = known.credentialHash !== '' && known.credentialHash === secret.credentialHash
      if (sameHash) return { matched: true, ...(isSame(known, secret) ? {} : learnt) }
      if (isSame(known, secret) && mayLearn) return { matched: true, ...learnt }
    }
  }
  const account = own.find(({ source }) => source?.serviceAccount)?.source?.serviceAccount
  return { matched: account !== undefined && kubernetesServiceAccounts.some((one) => isSame(one, account)) }
}
