import type { UserInfo } from '../registry/types.ts'
import { headerValues, unescapeKey } from './headers.ts'

/** Which proxies may name the user, and in which headers. */
export interface RequestHeaderSettings {
  /** Common names of the proxies; empty: any that the authority signed. */
  allowedNames: readonly string[]
  usernameHeaders: readonly string[]
  uidHeaders: readonly string[]
  groupHeaders: readonly string[]
  extraHeaderPrefixes: readonly string[]
}

/**
 * The user that a proxy speaks for; undefined when it names none. `rawHeaders` is Node's list of names and values.
 * Throws an Error when this proxy may not name users.
 */
// staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest/requestheader.go AuthenticateRequest
export function userFromHeaders(
  settings: RequestHeaderSettings,
  commonName: string,
  rawHeaders: readonly string[],
): UserInfo | undefined {
  const { allowedNames } = settings
  if (allowedNames.length > 0 && !allowedNames.includes(commonName)) {
    throw new Error(`x509: subject with cn=${commonName} is not in the allowed list`)
  }
  const first = (names: readonly string[]): string =>
    names.flatMap((name) => headerValues(rawHeaders, name).slice(0, 1)).find((value) => value !== '') ?? ''
  const name = first(settings.usernameHeaders)
  if (name === '') return undefined
  const uid = first(settings.uidHeaders)
  return {
    name,
    groups: settings.groupHeaders.flatMap((header) => headerValues(rawHeaders, header)),
    extra: extraOf(settings.extraHeaderPrefixes, rawHeaders),
    ...(uid === '' ? {} : { uid }),
  }
}

function extraOf(prefixes: readonly string[], rawHeaders: readonly string[]): Record<string, string[]> {
  const extra = new Map<string, string[]>()
  for (const prefix of prefixes.map((text) => text.toLowerCase())) {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const header = (rawHeaders[i] ?? '').toLowerCase()
      if (!header.startsWith(prefix)) continue
      const key = unescapeKey(header.slice(prefix.length))
      extra.set(key, [...(extra.get(key) ?? []), rawHeaders[i + 1] ?? ''])
    }
  }
  return Object.fromEntries(extra)
}
