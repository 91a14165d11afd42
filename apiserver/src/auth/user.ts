// apiserver/pkg/authentication/user/user.go
export const groupMasters = 'system:masters'
export const groupAuthenticated = 'system:authenticated'
export const groupUnauthenticated = 'system:unauthenticated'
export const groupNodes = 'system:nodes'
export const groupServiceAccounts = 'system:serviceaccounts'
export const credentialIdKey = 'authentication.kubernetes.io/credential-id'

import type { UserInfo } from '../registry/types.ts'

export const anonymous: UserInfo = { name: 'system:anonymous', groups: [groupUnauthenticated] }

/** The same user, known to have shown valid credentials. */
export function authenticated(user: UserInfo): UserInfo {
  return user.groups.includes(groupAuthenticated) ? user : { ...user, groups: [...user.groups, groupAuthenticated] }
}

/** The node a kubelet's credentials are for, or undefined when the user is no kubelet. */
// pkg/auth/nodeidentifier/default.go NodeIdentity
export function nodeNameOf(user: UserInfo | undefined): string | undefined {
  if (user === undefined || !user.groups.includes(groupNodes)) return undefined
  return user.name.startsWith('system:node:') ? user.name.slice('system:node:'.length) : undefined
}
