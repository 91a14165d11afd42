import { badRequest } from '@kubets/shared/machinery/errors.ts'
import type { UserInfo } from '../registry/types.ts'
import { forbiddenRequest, type Attributes, type Authorizer } from './attributes.ts'
import { headerValues, unescapeKey } from './headers.ts'
import { authenticated, groupAuthenticated, groupServiceAccounts, groupUnauthenticated } from './user.ts'

const extraPrefix = 'impersonate-extra-'
const authentication = 'authentication.k8s.io'

// staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/impersonation.go WithImpersonation
/**
 * The user to act as, when the headers ask for one and the sender may; else the sender. `rawHeaders` is Node's list of
 * names and values. Throws 400 or 403.
 */
export function impersonated(rawHeaders: readonly string[], sender: UserInfo, authorizer: Authorizer): UserInfo {
  if (!rawHeaders.some((text, i) => i % 2 === 0 && /^impersonate-/i.test(text))) return sender
  const [name = ''] = headerValues(rawHeaders, 'impersonate-user')
  const groups = headerValues(rawHeaders, 'impersonate-group')
  const [uid = ''] = headerValues(rawHeaders, 'impersonate-uid')
  const extra = extraOf(rawHeaders)
  if (name === '') {
    const others = referencesText(groups, extra, uid)
    if (others !== '') throw badRequest(`requested [${others}] without impersonating a user`)
    return sender
  }

  const ask = (resource: string, value: string, more: Partial<Attributes> = {}): void => {
    const attributes: Attributes = {
      user: sender,
      verb: 'impersonate',
      isResourceRequest: true,
      apiGroup: '',
      resource,
      subresource: '',
      namespace: '',
      name: value,
      path: '',
      ...more,
    }
    const { verdict, reason } = authorizer.authorize(attributes)
    if (verdict !== 'allow') throw forbiddenRequest(attributes, reason)
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name)
  if (account !== null) ask('serviceaccounts', account[2] ?? '', { namespace: account[1] ?? '' })
  else ask('users', name)
  for (const group of groups) ask('groups', group)
  for (const [key, values] of extra) {
    for (const value of values) ask('userextras', value, { apiGroup: authentication, subresource: key })
  }
  if (uid !== '') ask('uids', uid, { apiGroup: authentication })

  const own =
    account !== null && groups.length === 0 ? [groupServiceAccounts, `${groupServiceAccounts}:${account[1]}`] : groups
  const user: UserInfo = {
    name,
    groups: own,
    extra: Object.fromEntries(extra),
    ...(uid === '' ? {} : { uid }),
  }
  if (name === 'system:anonymous') {
    return own.includes(groupUnauthenticated) ? user : { ...user, groups: [...own, groupUnauthenticated] }
  }
  return own.includes(groupAuthenticated) || own.includes(groupUnauthenticated) ? user : authenticated(user)
}

function extraOf(rawHeaders: readonly string[]): Map<string, string[]> {
  const extra = new Map<string, string[]>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const header = (rawHeaders[i] ?? '').toLowerCase()
    if (!header.startsWith(extraPrefix)) continue
    const key = unescapeKey(header.slice(extraPrefix.length))
    extra.set(key, [...(extra.get(key) ?? []), rawHeaders[i + 1] ?? ''])
  }
  return extra
}

/** What was asked for, as Go prints a list of ObjectReferences. */
function referencesText(groups: readonly string[], extra: ReadonlyMap<string, string[]>, uid: string): string {
  const reference = (kind: string, name: string, apiVersion = '', fieldPath = ''): string =>
    `{${kind}  ${name}  ${apiVersion}  ${fieldPath}}`
  return [
    ...groups.map((group) => reference('Group', group)),
    ...[...extra].flatMap(([key, values]) =>
      values.map((value) => reference('UserExtra', value, `${authentication}/v1`, key)),
    ),
    ...(uid === '' ? [] : [reference('UID', uid, `${authentication}/v1`)]),
  ].join(' ')
}
