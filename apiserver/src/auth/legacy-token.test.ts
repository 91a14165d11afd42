import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { describe, expect, it } from 'vitest'
import { checkLegacyToken, legacyIssuer } from './legacy-token.ts'
import type { Lookup } from './lookup.ts'

const prefix = 'kubernetes.io/serviceaccount/'
const token = 'head.body.signature'
const good = {
  iss: legacyIssuer,
  sub: 'system:serviceaccount:n:robot',
  [`${prefix}namespace`]: 'n',
  [`${prefix}secret.name`]: 's',
  [`${prefix}service-account.name`]: 'robot',
  [`${prefix}service-account.uid`]: 'u1',
}
const secret = (metadata: object = {}, held = token): object => ({
  metadata: { name: 's', namespace: 'n', ...metadata },
  data: { token: Buffer.from(held).toString('base64') },
})
const account = (metadata: object = {}): object => ({
  metadata: { name: 'robot', namespace: 'n', uid: 'u1', ...metadata },
})
const lookupOf = (objects: Record<string, object | undefined>): Lookup => ({
  get: <T extends KubeObject>({ plural }: { plural: string }) => Promise.resolve(objects[plural] as T | undefined),
  list: () => [],
})
const deletionTimestamp = '2026-01-01T00:00:00Z'

describe('a token of a Secret', () => {
  it('stands for its account', async () => {
    const lookup = lookupOf({ secrets: secret(), serviceaccounts: account() })
    const used: unknown[] = []
    const writeDownUse = (of: unknown): Promise<void> => Promise.resolve(void used.push(of))
    const user = await checkLegacyToken(good, token, lookup, writeDownUse)
    expect(used).toEqual([secret()])
    expect(user).toEqual({
      name: 'system:serviceaccount:n:robot',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n'],
      extra: {},
    })
  })

  it.each<[string, string, object, object | undefined, object | undefined]>([
    ['without a namespace', 'namespace claim is missing', { [`${prefix}namespace`]: '' }, secret(), account()],
    ['without a Secret', 'secretName claim is missing', { [`${prefix}secret.name`]: undefined }, secret(), account()],
    ['for another account', 'sub claim is invalid', { sub: 'system:serviceaccount:n:other' }, secret(), account()],
    ['whose Secret is gone', 'service account token has been invalidated', {}, undefined, account()],
    ['whose Secret goes', 'service account token has been invalidated', {}, secret({ deletionTimestamp }), account()],
    [
      'that its Secret does not hold',
      "service account token does not match server's copy",
      {},
      secret({}, 'x'),
      account(),
    ],
    [
      'that was marked as invalid',
      'marked as invalid',
      {},
      secret({ labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } }),
      account(),
    ],
    ['whose account is gone', 'serviceaccounts "robot" not found', {}, secret(), undefined],
    ['whose account goes', 'service account n/robot has been deleted', {}, secret(), account({ deletionTimestamp })],
    [
      'of an earlier account of the name',
      'service account UID (u2) does not match claim (u1)',
      {},
      secret(),
      account({ uid: 'u2' }),
    ],
  ])('%s is refused', async (_name, message, change, secrets, serviceaccounts) => {
    const lookup = lookupOf({ secrets, serviceaccounts })
    await expect(checkLegacyToken({ ...good, ...change }, token, lookup, () => Promise.resolve())).rejects.toThrow(
      message,
    )
  })
})
