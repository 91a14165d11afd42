import { badRequest } from '@kubets/shared/machinery/errors.ts'

export interface ContinueToken {
  /** The first key of the next page. */
  start: string
  /** The revision of the first page; -1: whatever is there now. */
  revision: number
}

// apiserver/pkg/storage/continue.go continueToken
const version = 'meta.k8s.io/v1'

/** The token for the page after `last`. */
export function encodeContinue(last: string, revision: number): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start: `${last}\0` })).toString('base64url')
}

/** The inverse; throws 400 for a token that is not ours. */
// apiserver/pkg/storage/continue.go DecodeContinue
export function decodeContinue(text: string): ContinueToken {
  let token: unknown
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    throw badRequest(`continue key is not valid: ${text}`)
  }
  const { v, rv, start } = (token ?? {}) as { v?: unknown; rv?: unknown; start?: unknown }
  if (v !== version)
    throw badRequest(`continue key is not valid: server does not recognize this encoded version ${JSON.stringify(v)}`)
  if (typeof start !== 'string' || start === '')
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)')
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  return { start, revision: rv }
}
