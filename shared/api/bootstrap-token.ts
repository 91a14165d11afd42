import type { Secret } from './types/core-v1.ts'

/** The type of Secrets in kube-system that hold a token with which nodes join. */
// cluster-bootstrap/token/api/types.go
export const bootstrapTokenType = 'bootstrap.kubernetes.io/token'

/** A field of the Secret as text, '' where there is none. */
// cluster-bootstrap/util/secrets/secrets.go GetData
export const tokenData = ({ data }: Secret, key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString()

const rfc3339 = /^\d{4}-\d\d-\d\d[T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** Milliseconds that the token is still good for, 0 when it is over; undefined when it never ends. */
// cluster-bootstrap/util/secrets/secrets.go GetExpiration: a time that cannot be read is over
export const tokenTimeLeft = (secret: Secret, now: number): number | undefined => {
  const expiration = tokenData(secret, 'expiration')
  if (expiration === '') return undefined
  const end = rfc3339.test(expiration) ? Date.parse(expiration) : NaN
  return Number.isNaN(end) ? 0 : Math.max(0, end - now)
}
