import type { Secret, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { plan, tokenType, withoutReference } from './plan.ts'

const account: ServiceAccount = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot', namespace: 'n', uid: 'u1' },
}
const name = 'kubernetes.io/service-account.name'
const uid = 'kubernetes.io/service-account.uid'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const secret = (annotations: Record<string, string>, data: Record<string, string> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'n', annotations },
  type: tokenType,
  data,
})
const sign = (claims: object): string => JSON.stringify(claims)
const claims = {
  iss: 'kubernetes/serviceaccount',
  'kubernetes.io/serviceaccount/namespace': 'n',
  'kubernetes.io/serviceaccount/secret.name': 's',
  'kubernetes.io/serviceaccount/service-account.name': 'robot',
  'kubernetes.io/serviceaccount/service-account.uid': 'u1',
  sub: 'system:serviceaccount:n:robot',
}
const whole = { token: base64('t'), namespace: base64('n'), 'ca.crt': base64('PEM') }
const own = { [name]: 'robot', [uid]: 'u1' }

describe('a Secret for a token', () => {
  it.each<[string, Secret, ServiceAccount | undefined, string | undefined, object | 'delete' | undefined]>([
    [
      'gets all of it',
      secret({ [name]: 'robot' }),
      account,
      'PEM',
      { ...whole, token: base64(JSON.stringify(claims)) },
    ],
    ['keeps the token it has', secret({ [name]: 'robot' }, { token: base64('t') }), account, 'PEM', whole],
    ['keeps what else is in it', secret(own, { extra: 'eA==' }), account, undefined, { extra: 'eA==' }],
    ['gets another authority', secret(own, { ...whole, 'ca.crt': base64('OLD') }), account, 'PEM', whole],
    ['without a known authority needs none', secret(own, { ...whole, 'ca.crt': '' }), account, undefined, undefined],
    ['that has all is left alone', secret(own, whole), account, 'PEM', undefined],
    ['without its account goes', secret({ [name]: 'robot' }), undefined, 'PEM', 'delete'],
    ['of an earlier account of the name goes', secret({ ...own, [uid]: 'u0' }, whole), account, 'PEM', 'delete'],
  ])('%s', (_name, given, of, rootCA, want) => {
    const result = plan({ secret: given, account: of, rootCA, sign })
    if (typeof want !== 'object') return expect(result).toBe(want)
    expect(result).toMatchObject({ metadata: { annotations: own }, data: want })
  })
})

it.each<[string, { name: string }[] | undefined, { name: string }[] | undefined]>([
  ['names it', [{ name: 'a' }, { name: 's' }], [{ name: 'a' }]],
  ['names others', [{ name: 'a' }], undefined],
  ['names none', undefined, undefined],
])('a Secret that is gone is forgotten by an account that %s', (_name, secrets, want) => {
  expect(withoutReference({ ...account, ...(secrets ? { secrets } : {}) }, 's')?.secrets).toEqual(want)
})
