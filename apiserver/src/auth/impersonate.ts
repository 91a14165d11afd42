import type { IncomingHttpHeaders } from 'node:http'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import type { UserInfo } from '../registry/types.ts'
import { forbiddenRequest, type Attributes, type Authorizer } from './attributes.ts'
import { groupServiceAccounts, authenticated } from './user.ts'

const extraPrefix = 'impersonate-extra-'

// staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/impersonation.go WithImpersonation
/** The user to act as, when the headers ask for one and the sender may; else the sender. Throws 400 or 403. */
export function impersonated(headers: IncomingHttpHeaders, sender: UserInfo, authorizer: Authorizer): UserInfo {
  const name = one(headers['impersonate-user'])
  const groups = many(headers['impersonate-group'])
  const uid = one(headers['impersonate-uid'])
  const extra: Record<string, string[]> = {}
  for (const [key, value] of Object.entries(headers)) {
    if (key.startsWith(extraPrefix)) extra[decodeURIComponent(key.slice(extraPrefix.length))] = many(value)
  }
  const others = groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0
  if (name === undefined) {
    if (others) throw badRequest('requested [groups extra uid] without impersonating a user')
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
  const apiGroup = 'authentication.k8s.io'
  if (uid !== undefined) ask('uids', uid, { apiGroup })
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) ask('userextras', value, { apiGroup, subresource: key })
  }

  const own =
    account !== null && groups.length === 0 ? [groupServiceAccounts, `${groupServiceAccounts}:${account[1]}`] : groups
  const user = { name, groups: own, extra, ...(uid === undefined ? {} : { uid }) }
  return name === 'system:anonymous' ? user : authenticated(user)
}

const many = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : [value].flat().flatMap((text) => text.split(', '))
const one = (value: string | string[] | undefined): string | undefined => (value ? [value].flat()[0] : undefined)
