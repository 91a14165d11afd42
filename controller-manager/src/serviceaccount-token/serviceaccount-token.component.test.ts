import { secrets, serviceAccounts, tokenReviews } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'
import { tokenType } from './plan.ts'

let manager: TestManager
const namespace = 'tokens'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const makeAccount = (name: string): Promise<unknown> =>
  manager.client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } })
const makeSecret = (name: string, account: string): Promise<unknown> => {
  const metadata = { name, namespace, annotations: { 'kubernetes.io/service-account.name': account } }
  return manager.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', type: tokenType, metadata })
}
const isGone = (name: string): Promise<boolean> =>
  manager.client.get(secrets, name, { namespace }).then(() => false, isNotFound)
const tokenOf = (name: string): Promise<string> =>
  waitFor(async () => {
    const { data = {} } = await manager.client.get(secrets, name, { namespace })
    return Buffer.from(data['token'] ?? '', 'base64').toString()
  })
/** Who the server takes the bearer for; undefined: for nobody. */
const whoIs = async (token: string): Promise<object | undefined> => {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } }
  const { status } = await manager.client.create(tokenReviews, review)
  return status?.authenticated ? status.user : undefined
}

it('a Secret that asks for a token gets one that is good for as long as it lives', async () => {
  await makeAccount('robot')
  await makeSecret('robot-token', 'robot')
  const token = await tokenOf('robot-token')
  const name = `system:serviceaccount:${namespace}:robot`
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  expect(await whoIs(token)).toMatchObject({ username: name, groups: expect.arrayContaining(groups) as unknown })
  expect(await whoIs(`${token.slice(0, -4)}AAAA`)).toBeUndefined()

  await makeSecret('other-token', 'robot')
  const other = await tokenOf('other-token')
  await manager.client.patch(
    serviceAccounts,
    'robot',
    { secrets: [{ name: 'other-token' }] },
    { type: 'merge', namespace },
  )
  await manager.client.delete(secrets, 'other-token', { namespace })
  // not asked about before, so that no answer is remembered
  expect(await whoIs(other)).toBeUndefined()
  await waitFor(async () => {
    const { secrets: left = [] } = await manager.client.get(serviceAccounts, 'robot', { namespace })
    return left.length === 0
  })

  await manager.client.delete(serviceAccounts, 'robot', { namespace })
  await waitFor(() => isGone('robot-token'))
})

it('a Secret for nobody goes', async () => {
  await makeSecret('lost', 'nobody')
  await waitFor(() => isGone('lost'))
})
