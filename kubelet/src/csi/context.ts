// What a driver is told besides the volume's own fields, read from other objects.
import { attachmentName } from '@kubets/shared/api/csi-volumes.ts'
import type { Pod, SecretReference } from '@kubets/shared/api/types/core-v1.ts'
import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { ObjectSource } from '../objects.ts'
import type { TokenCache } from '../volumes/tokens.ts'

type Text = Record<string, string>

const tokensKey = 'csi.storage.k8s.io/serviceAccount.tokens'

/** The tokens of the Pod's service account that the driver asks for, under their key; nothing when it asks for none. */
// pkg/volume/csi/csi_mounter.go podServiceAccountTokenAttrs
export async function tokenAttributes(
  pod: Pod,
  driver: CSIDriver | undefined,
  tokens: TokenCache,
  signal: AbortSignal,
): Promise<Text> {
  const requests = driver?.spec.tokenRequests ?? []
  if (requests.length === 0) return {}
  const found = new Map<string, { token: string; expirationTimestamp: string }>()
  for (const { audience, expirationSeconds } of requests) {
    const question = {
      namespace: pod.metadata.namespace ?? '',
      serviceAccount: pod.spec.serviceAccountName ?? '',
      audience: audience === '' ? undefined : audience,
      expirationSeconds: expirationSeconds ?? 3600,
      pod: { name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' },
    }
    const { token, expiresAt } = await tokens.get(question, signal)
    found.set(audience, { token, expirationTimestamp: formatTime(expiresAt) })
  }
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { [tokensKey]: JSON.stringify(Object.fromEntries(sorted)) }
}

/** What is in a secret, as text. Throws when it is not there. */
// pkg/volume/csi/csi_util.go getCredentialsFromSecret
export async function credentials(
  objects: ObjectSource,
  { namespace = '', name = '' }: SecretReference,
  signal: AbortSignal,
): Promise<Text> {
  const failed = (why: string): Error =>
    new Error(`failed to find the secret ${name} in the namespace ${namespace} with error: ${why}`)
  const secret = await objects.secret(namespace, name, signal).catch((error: unknown) => {
    throw failed((error as Error).message)
  })
  if (!secret) throw failed(`secrets "${name}" not found`)
  const entries = Object.entries(secret.data ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}

/** What is in the secret that is referred to, nothing when none is; `what` names the reference when that fails. */
export async function referredSecrets(
  objects: ObjectSource,
  ref: SecretReference | undefined,
  what: string,
  signal: AbortSignal,
): Promise<Text> {
  if (!ref) return {}
  try {
    return await credentials(objects, ref, signal)
  } catch (error) {
    throw new Error(`${what} ${ref.namespace ?? ''}/${ref.name ?? ''} failed: ${(error as Error).message}`)
  }
}

/** What the driver said when it attached the volume. Throws when it is not attached, in the driver's own words if it has some. */
// pkg/volume/csi/csi_attacher.go WaitForAttach, verifyAttachmentStatus
export async function attachmentMetadata(
  objects: ObjectSource,
  source: { driver: string; volumeHandle: string },
  nodeName: string,
  signal: AbortSignal,
): Promise<Text> {
  const handle = source.volumeHandle
  const name = attachmentName({ driver: source.driver, handle }, nodeName)
  const failed = (why: string): Error =>
    new Error(`volume ${handle} has GET error for volume attachment ${name}: ${why}`)
  const attachment = await objects.volumeAttachment(name, signal).catch((error: unknown) => {
    throw failed((error as Error).message)
  })
  if (!attachment) throw failed(`volumeattachments.storage.k8s.io "${name}" not found`)
  if (attachment.metadata.deletionTimestamp !== undefined) throw new Error('volume attachment is being deleted')
  const { attached = false, attachError, attachmentMetadata: told = {} } = attachment.status ?? {}
  if (attached) return told
  throw new Error(attachError?.message ?? `volume ${handle} is not attached for volume attachment ${name}`)
}
