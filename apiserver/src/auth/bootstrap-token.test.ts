import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { describe, expect, it } from 'vitest'
import { checkBootstrapToken, parseBootstrapToken } from './bootstrap-token.ts'
import type { Lookup } from './lookup.ts'

const now = Date.parse('2026-01-01T12:00:00Z')
const token = { id: 'abcdef', secret: '0123456789abcdef' }
const good = {
  'token-id': token.id,
  'token-secret': token.secret,
  'usage-bootstrap-authentication': 'true',
}
const secret = (data: Record<string, string>, more: object = {}): object => ({
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  ...more,
})
/** Has one Secret, under the token's name. */
const lookupOf = (held: object | undefined): Lookup => ({
  get: <T extends KubeObject>(_: unknown, name: string, namespace?: string) =>
    Promise.resolve(namespace === 'kube-system' && name === 'bootstrap-token-abcdef' ? (held as T) : undefined),
  list: () => [],
})
const check = (held: object | undefined, shown = token) => checkBootstrapToken(shown, lookupOf(held), now)

it.each([
  ['abcdef.0123456789abcdef', token],
  ['abcdef.0123456789abcde', undefined],
  ['abcdef.0123456789abcdeF', undefined],
  ['abcdefg.0123456789abcdef', undefined],
  ['head.body.signature', undefined],
  [' abcdef.0123456789abcdef', undefined],
  ['', undefined],
])('%j is read as %j', (text, expected) => {
  expect(parseBootstrapToken(text)).toEqual(expected)
})

describe('a bootstrap token', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['stands for its id', {}, ['system:bootstrappers']],
    ['has no extra groups when they are empty', { 'auth-extra-groups': '' }, ['system:bootstrappers']],
    [
      'has the groups that its Secret names, once and in order',
      { 'auth-extra-groups': 'system:bootstrappers:z,system:bootstrappers:a,system:bootstrappers:z' },
      ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:z'],
    ],
    ['is good until it ends', { expiration: '2026-01-01T12:00:01Z' }, ['system:bootstrappers']],
  ])('%s', async (_, data, groups) => {
    expect(await check(secret({ ...good, ...data }))).toEqual({ name: 'system:bootstrap:abcdef', groups })
  })

  it.each<[string, string, object | undefined]>([
    ['has no Secret', 'no secret of name bootstrap-token-abcdef', undefined],
    ['is being deleted', 'deleted', secret(good, { metadata: { deletionTimestamp: '2026-01-01T12:00:00Z' } })],
    ['is of another type', 'invalid type', secret(good, { type: 'Opaque' })],
    ['holds nothing', 'token-secret', secret({})],
    ['has another secret', 'token-secret', secret({ ...good, 'token-secret': '0123456789abcdee' })],
    ['has a shorter secret', 'token-secret', secret({ ...good, 'token-secret': '0' })],
    ['has another id', 'token-id', secret({ ...good, 'token-id': 'abcdeg' })],
    ['is over', 'expired', secret({ ...good, expiration: '2026-01-01T12:00:00Z' })],
    ['ends at no time', 'expired', secret({ ...good, expiration: 'tomorrow' })],
    ['may sign only', 'not marked', secret({ ...good, 'usage-bootstrap-authentication': 'false' })],
    ['has a group of others', '"system:masters"', secret({ ...good, 'auth-extra-groups': 'system:masters' })],
    ['has the group that all have', 'auth-extra', secret({ ...good, 'auth-extra-groups': 'system:bootstrappers:' })],
  ])('is refused when it %s', async (_, words, held) => {
    const refusal = check(held)
    await expect(refusal).rejects.toThrow(words)
    await expect(refusal).rejects.not.toThrow(token.secret)
  })
})
