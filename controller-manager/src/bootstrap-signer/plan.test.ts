import type { ConfigMap, Secret } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { detachedSignature, plan } from './plan.ts'

// cluster-bootstrap/token/jws/jws_test.go
it('a signature is upstream’s', () => {
  expect(
    detachedSignature(
      'Hello from the other side. I must have called a thousand times.',
      'joshua',
      'my voice is my passcode',
    ),
  ).toBe('eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8')
})

const now = Date.parse('2026-01-01T00:00:00Z')
const base64 = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
const token = (id: string, more: Record<string, string> = {}, name = `bootstrap-token-${id}`): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  data: base64({ 'token-id': id, 'token-secret': 'secret', 'usage-bootstrap-signing': 'true', ...more }),
})
const info = (data: Record<string, string>): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data })
const kubeconfig = 'clusters: []'
const signed = { 'jws-kubeconfig-abcdef': detachedSignature(kubeconfig, 'abcdef', 'secret') }

// pkg/controller/bootstrap/bootstrapsigner_test.go, util_test.go
it.each<[string, Record<string, string>, Secret[], object | undefined]>([
  ['without a kubeconfig', { other: 'x' }, [token('abcdef')], undefined],
  ['new', { kubeconfig, other: 'x' }, [token('abcdef')], { kubeconfig, other: 'x', ...signed }],
  ['signed', { kubeconfig, ...signed }, [token('abcdef')], undefined],
  ['of a token that goes', { kubeconfig, ...signed }, [], { kubeconfig }],
  ['changed', { kubeconfig, 'jws-kubeconfig-abcdef': 'old' }, [token('abcdef')], { kubeconfig, ...signed }],
  ['whose token signs not', { kubeconfig }, [token('abcdef', { 'usage-bootstrap-signing': 'false' })], undefined],
  ['whose token has no secret', { kubeconfig }, [token('abcdef', { 'token-secret': '' })], undefined],
  ['whose token is over', { kubeconfig }, [token('abcdef', { expiration: '2026-01-01T00:00:00Z' })], undefined],
  ['whose token ends at no time', { kubeconfig }, [token('abcdef', { expiration: 'later' })], undefined],
  [
    'whose token lasts',
    { kubeconfig },
    [token('abcdef', { expiration: '2026-01-01T01:30:00+01:00' })],
    { kubeconfig, ...signed },
  ],
  ['whose token has another name', { kubeconfig }, [token('abcdef', {}, 'bootstrap-token-fedcba')], undefined],
  ['whose token is none', { kubeconfig }, [token('ABCDEF')], undefined],
])('a ConfigMap %s', (_, data, tokens, want) => expect(plan(info(data), tokens, now)?.data).toEqual(want))
