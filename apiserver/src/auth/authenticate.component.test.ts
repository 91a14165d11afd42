import { issueCertificate } from '@kubets/shared/process/certificates.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Call, type Identity, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  const staticTokens = new Map([['secret', { name: 'jane', uid: '7', groups: ['developers'] }]])
  server = await startTestServer({ staticTokens })
})
afterAll(() => server.stop())

interface WhoAmI {
  status: { userInfo: { username: string; uid?: string; groups: string[]; extra?: Record<string, string[]> } }
}

const whoAmI = (call: Call) =>
  server.call('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    ...call,
  })
const userOf = async (call: Call) => ((await whoAmI(call)).json as unknown as WhoAmI).status.userInfo

describe('a proxy that names the user in headers', () => {
  it('is believed when its certificate is of the authority for proxies', async () => {
    const headers = {
      'X-Remote-User': 'jane',
      'X-Remote-Uid': '42',
      'X-Remote-Group': 'developers',
      'X-Remote-Extra-Example.com%2Fscope': 'all',
    }
    expect(await userOf({ as: server.frontProxy, headers })).toEqual({
      username: 'jane',
      uid: '42',
      groups: ['developers', 'system:authenticated'],
      extra: { 'example.com/scope': ['all'] },
    })
  })

  it('is nobody without the header, and with another name', async () => {
    expect((await whoAmI({ as: server.frontProxy })).code).toBe(401)
    const other: Identity = {
      certificate: await issueCertificate(server.frontProxyAuthority, {
        commonName: 'another',
        days: 1,
        usages: ['client'],
      }),
    }
    expect((await whoAmI({ as: other, headers: { 'X-Remote-User': 'jane' } })).code).toBe(401)
  })

  it('is not believed with a certificate of clients, whose headers are not looked at', async () => {
    const { username } = await userOf({ headers: { 'X-Remote-User': 'jane', 'X-Remote-Group': 'system:masters' } })
    expect(username).toBe('kubernetes-admin')
  })
})

it('the settings for aggregated API servers are in kube-system, come back, and may be read by who is let', async () => {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'
  const data = await waitFor(async () => {
    const { code, json } = await server.call(path)
    return code === 200 ? (json['data'] as Record<string, string>) : undefined
  })
  expect(data['requestheader-client-ca-file']?.trim()).toBe(server.frontProxyAuthority.cert.trim())
  expect(data['client-ca-file']?.trim()).toBe(server.authority.cert.trim())
  expect(data['requestheader-username-headers']).toBe('["X-Remote-User"]')
  const scheduler = await server.identity('system:kube-scheduler')
  await waitFor(async () => (await server.call(path, { as: scheduler })).code === 200)
  expect((await server.call(path, { as: await server.identity('jane') })).code).toBe(403)
})

it('a token of the file is known, also to who asks about it', async () => {
  expect(await userOf({ as: { token: 'secret' } })).toEqual({
    username: 'jane',
    uid: '7',
    groups: ['developers', 'system:authenticated'],
  })
  expect((await whoAmI({ as: { token: 'other' } })).code).toBe(401)
  const review = (token: string, audiences?: string[]) =>
    server.call('/apis/authentication.k8s.io/v1/tokenreviews', {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } },
    })
  expect((await review('secret')).json['status']).toMatchObject({ authenticated: true, user: { username: 'jane' } })
  expect((await review('secret', ['elsewhere'])).json['status']).toEqual({ user: {} })
})

describe('impersonation', () => {
  const impersonate = (headers: Record<string, string>, as?: Identity) =>
    whoAmI({ headers, ...(as === undefined ? {} : { as }) })

  it('takes user, groups, uid and extra', async () => {
    const user = await userOf({
      headers: {
        'Impersonate-User': 'jane',
        'Impersonate-Group': 'developers',
        'Impersonate-Uid': '7',
        'Impersonate-Extra-Scopes%2fA': 'view',
      },
    })
    expect(user).toEqual({
      username: 'jane',
      uid: '7',
      groups: ['developers', 'system:authenticated'],
      extra: { 'scopes/a': ['view'] },
    })
  })

  it('adds the groups that follow from the name', async () => {
    expect((await userOf({ headers: { 'Impersonate-User': 'system:serviceaccount:a:b' } })).groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:a',
      'system:authenticated',
    ])
    const nobody = await impersonate({ 'Impersonate-User': 'system:anonymous' })
    expect(nobody.json.message).toBe(
      'selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope',
    )
  })

  it('says what one may not be, and what is asked without a user', async () => {
    const jane = await server.identity('jane')
    const user = await impersonate({ 'Impersonate-User': 'joe' }, jane)
    expect([user.code, user.json.message]).toEqual([
      403,
      'users "joe" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
    ])
    const account = await impersonate({ 'Impersonate-User': 'system:serviceaccount:a:b' }, jane)
    expect(account.json.message).toBe(
      'serviceaccounts "b" is forbidden: User "jane" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "a"',
    )
    const groups = await impersonate({ 'Impersonate-Group': 'developers' })
    expect([groups.code, groups.json.message]).toEqual([
      400,
      'requested [{Group  developers    }] without impersonating a user',
    ])
  })
})

describe('a bootstrap token', () => {
  it('is good while its Secret says so, and gives no power of its own', async () => {
    const path = '/api/v1/namespaces/kube-system/secrets'
    const as: Identity = { token: 'abcdef.0123456789abcdef' }
    expect((await whoAmI({ as })).code).toBe(401)
    const stringData = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:workers',
    }
    const metadata = { name: 'bootstrap-token-abcdef' }
    const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'bootstrap.kubernetes.io/token', stringData }
    expect((await server.call(path, { body })).code).toBe(201)
    expect(await userOf({ as })).toEqual({
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'],
    })
    expect((await server.call('/api/v1/nodes', { as })).code).toBe(403)
    expect((await whoAmI({ as: { token: 'abcdef.0123456789abcdee' } })).code).toBe(401)
  })
})
