import type { Secret, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'

/** The type of Secrets that hold a token. */
export const tokenType = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
export const uidAnnotation = 'kubernetes.io/service-account.uid'

/** Whose token a Secret asks for; '' when it does not say. */
export const accountNameOf = ({ metadata }: Secret): string => metadata.annotations?.[nameAnnotation] ?? ''

/** What a token of a Secret says. */
// pkg/serviceaccount/legacy.go LegacyClaims
export const claimsOf = (account: ServiceAccount, secret: Secret): object => {
  const { name = '', namespace = '', uid = '' } = account.metadata
  return {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret.metadata.name ?? '',
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

export interface TokenSeen {
  secret: Secret
  /** The account of the name that the Secret gives, if there is one. */
  account: ServiceAccount | undefined
  /** PEM text, for who uses the token to know the server by. */
  rootCA: string | undefined
  sign: (claims: object) => string
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The Secret with what it lacks; 'delete' when its account is not there (any more); undefined when all is well. */
// pkg/controller/serviceaccount/tokens_controller.go syncSecret, generateTokenIfNeeded
export const plan = ({ secret, account, rootCA, sign }: TokenSeen): Secret | 'delete' | undefined => {
  const { annotations = {} } = secret.metadata
  const wantedUid = annotations[uidAnnotation] ?? ''
  if (!account || (wantedUid !== '' && wantedUid !== account.metadata.uid)) return 'delete'
  const { data = {} } = secret
  const lacking: Record<string, string> = {}
  if (rootCA !== undefined && data['ca.crt'] !== base64(rootCA)) lacking['ca.crt'] = base64(rootCA)
  if (!data['namespace']) lacking['namespace'] = base64(secret.metadata.namespace ?? '')
  if (!data['token']) lacking['token'] = base64(sign(claimsOf(account, secret)))
  if (Object.keys(lacking).length === 0) return undefined
  const own = { [nameAnnotation]: account.metadata.name ?? '', [uidAnnotation]: account.metadata.uid ?? '' }
  return {
    ...secret,
    metadata: { ...secret.metadata, annotations: { ...annotations, ...own } },
    data: { ...data, ...lacking },
  }
}

/** The account without the reference to a Secret that is gone; undefined when it has none. */
// pkg/controller/serviceaccount/tokens_controller.go removeSecretReference
export const withoutReference = (account: ServiceAccount, secret: string): ServiceAccount | undefined => {
  const left = (account.secrets ?? []).filter(({ name }) => name !== secret)
  if (left.length === (account.secrets ?? []).length) return undefined
  return { ...account, secrets: left }
}
