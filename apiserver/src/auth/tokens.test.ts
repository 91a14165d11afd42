import { generateKeyPairSync } from 'node:crypto'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { signingKey } from '@kubets/shared/process/jwt.ts'
import { expect, it } from 'vitest'
import { createTokens } from './tokens.ts'

const base64 = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
const held = {
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  data: base64({
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
  }),
}
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

it.each([
  ['stands still', 0],
  ['is set forward', 3_600_000],
  ['is set back', -3_600_000],
])('a good token is remembered for ten seconds, when the wall clock %s', async (_, byMs) => {
  const clock = new FakeClock()
  let looked = 0
  const lookup = {
    get: <T extends KubeObject>() => {
      looked++
      return Promise.resolve(held as unknown as T)
    },
    list: () => [],
  }
  const settings = {
    issuer: 'https://kubernetes',
    audiences: ['api'],
    signingKey: signingKey(key),
    verificationKeys: [],
    extendExpiration: false,
    staticTokens: new Map(),
    bootstrapTokens: true,
  }
  const tokens = createTokens(settings, lookup, clock, () => Promise.resolve())
  const verify = async (): Promise<number> => {
    expect((await tokens.verify('abcdef.0123456789abcdef'))?.user.name).toBe('system:bootstrap:abcdef')
    return looked
  }
  expect(await verify()).toBe(1)
  clock.set(byMs)
  await clock.advance(9_999)
  expect(await verify()).toBe(1)
  await clock.advance(1)
  expect(await verify()).toBe(2)
})
