import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type Identity, type TestServer } from '../test-server.ts'

const group = 'rbac.authorization.k8s.io'
const base = `/apis/${group}/v1`
const local = `${base}/namespaces/default`
const jane =
  'user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
let server: TestServer
let as: Identity

beforeAll(async () => {
  server = await startTestServer()
  as = await server.identity('jane')
  // jane may read pods, and write roles and bindings
  const rules = [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    {
      apiGroups: [group],
      resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
      verbs: ['get', 'create', 'update', 'patch'],
    },
    { apiGroups: [group], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
  ]
  await server.call(`${base}/clusterroles`, { body: clusterRole('jane', rules) })
  await server.call(`${base}/clusterrolebindings`, {
    body: {
      ...binding('ClusterRoleBinding', 'jane', 'ClusterRole', 'jane'),
      subjects: [{ kind: 'User', apiGroup: group, name: 'jane' }],
    },
  })
  await waitFor(async () => (await server.call(`${base}/clusterroles/jane`, { as })).code === 200)
})
afterAll(() => server.stop())

const clusterRole = (name: string, rules: object[], more: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
  ...more,
})
const role = (name: string, rules: object[]) => ({ ...clusterRole(name, rules), kind: 'Role' })
const binding = (kind: string, name: string, roleKind: string, roleName: string) => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name },
  roleRef: { apiGroup: group, kind: roleKind, name: roleName },
})
const create = async (path: string, body: object, by = as): Promise<[number, string | undefined]> => {
  const { code, json } = await server.call(path, { body, as: by })
  return [code, json.message]
}

it('a role may give what its author has, and no more', async () => {
  expect(
    await create(`${local}/roles`, role('reader', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])),
  ).toEqual([201, undefined])
  const secrets = [{ apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'watch'] }]
  const missing =
    `${jane}{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}\n` +
    '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "watch"]}'
  expect(await create(`${local}/roles`, role('spy', secrets))).toEqual([
    403,
    `roles.${group} "spy" is forbidden: ${missing}`,
  ])
  expect(await create(`${base}/clusterroles`, clusterRole('spy', secrets))).toEqual([
    403,
    `clusterroles.${group} "spy" is forbidden: ${missing}`,
  ])
  const patched = await server.call(`${local}/roles/reader`, {
    method: 'PATCH',
    body: { rules: secrets },
    headers: { 'content-type': 'application/merge-patch+json' },
    as,
  })
  expect([patched.code, patched.json.message]).toEqual([403, `roles.${group} "reader" is forbidden: ${missing}`])
  expect(await create(`${local}/roles`, role('spy', secrets), server.admin)).toEqual([201, undefined])
})

it('only who has everything may aggregate', async () => {
  const aggregated = clusterRole('sum', [], {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  })
  expect(await create(`${base}/clusterroles`, aggregated)).toEqual([
    403,
    `clusterroles.${group} "sum" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
  ])
})

it('a role may be bound by who has its rights, or may bind it', async () => {
  expect(await create(`${local}/rolebindings`, binding('RoleBinding', 'a', 'Role', 'reader'))).toEqual([201, undefined])
  expect(await create(`${local}/rolebindings`, binding('RoleBinding', 'b', 'ClusterRole', 'view'))).toEqual([
    201,
    undefined,
  ])
  const [code, message] = await create(`${local}/rolebindings`, binding('RoleBinding', 'c', 'Role', 'spy'))
  expect([code, message]).toEqual([403, expect.stringContaining(`rolebindings.${group} "c" is forbidden: ${jane}`)])
  expect(await create(`${local}/rolebindings`, binding('RoleBinding', 'd', 'Role', 'nothing'))).toEqual([
    404,
    `roles.${group} "nothing" not found`,
  ])
  const cluster = await create(
    `${base}/clusterrolebindings`,
    binding('ClusterRoleBinding', 'e', 'ClusterRole', 'system:kube-dns'),
  )
  expect(cluster).toEqual([
    403,
    `clusterrolebindings.${group} "e" is forbidden: ${jane}` +
      '{APIGroups:[""], Resources:["endpoints"], Verbs:["list" "watch"]}\n' +
      '{APIGroups:[""], Resources:["services"], Verbs:["list" "watch"]}',
  ])
})
