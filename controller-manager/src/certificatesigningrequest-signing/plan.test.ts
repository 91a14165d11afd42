import { createCA } from '@kubets/shared/process/certificates.ts'
import { describe, expect, it } from 'vitest'
import { asked, condition, csr } from '../certificates/requests.testing.ts'
import { authoritiesOf, signerFlags } from './authorities.ts'
import { problemOf, validity, waitsForSigner, withFailure } from './plan.ts'
import { certificateUsages } from './usages.ts'

const approved = [condition('Approved')]

describe('waitsForSigner', () => {
  it.each([
    ['approved', csr({}, { conditions: approved }), true],
    ['nobody decided', csr(), false],
    ['denied', csr({}, { conditions: [condition('Denied')] }), false],
    ['both', csr({}, { conditions: [...approved, condition('Denied')] }), false],
    ['failed before', csr({}, { conditions: [...approved, condition('Failed')] }), false],
    ['issued', csr({}, { conditions: approved, certificate: 'x' }), false],
    ['for others', csr({ signerName: 'example.com/signer' }, { conditions: approved }), false],
    ['for nobody', csr({ signerName: '__proto__' }, { conditions: approved }), false],
  ])('%s', (_, request, waits) => expect(waitsForSigner(request)).toBe(waits))
})

const rsa = ['client auth', 'digital signature', 'key encipherment']
const serving = ['server auth', 'digital signature']
const dnsNames = ['n1']

// pkg/controller/certificates/signer/signer_test.go, pkg/apis/certificates/helpers_test.go
describe('problemOf', () => {
  type Case = [name: string, usages: string[], given: Parameters<typeof asked>[0], problem: string | undefined]
  const check = (signer: string, cases: Case[]): unknown =>
    describe(signer, () => {
      it.each(cases)('%s', (_, usages, given, problem) => {
        expect(problemOf(csr({ signerName: `kubernetes.io/${signer}`, usages }), asked(given))).toBe(problem)
      })
    })
  check('kube-apiserver-client', [
    ['fine', ['client auth'], { organizations: ['any'], dnsNames }, undefined],
    ['of an RSA key', rsa, { commonName: 'jane' }, undefined],
    ['for a server', ['client auth', 'server auth'], {}, 'invalid usage for client certificate: server auth'],
    ['for no client', ['digital signature'], {}, 'missing required usage for client certificate: client auth'],
    ['for nothing', [], {}, 'missing required usage for client certificate: client auth'],
  ])
  check('kube-apiserver-client-kubelet', [
    ['fine', ['digital signature', 'client auth'], {}, undefined],
    ['of an RSA key', rsa, {}, undefined],
    ['other group', rsa, { organizations: ['system:masters'] }, 'subject organization is not system:nodes'],
    ['more groups', rsa, { organizations: ['system:nodes', 'b'] }, 'subject organization is not system:nodes'],
    ['no node', rsa, { commonName: 'n1' }, 'subject common name does not begin with system:node:'],
    ['DNS', rsa, { dnsNames }, 'DNS subjectAltNames are not allowed'],
    ['email', rsa, { emailAddresses: ['a@b.c'] }, 'Email subjectAltNames are not allowed'],
    ['IP', rsa, { ipAddresses: ['::1'] }, 'IP subjectAltNames are not allowed'],
    ['URI', rsa, { uris: ['a:b'] }, 'URI subjectAltNames are not allowed'],
    ['less', ['client auth'], {}, 'usages did not match [digital signature key encipherment client auth]'],
    ['more', [...rsa, 'any'], {}, 'usages did not match [digital signature key encipherment client auth]'],
  ])
  check('kubelet-serving', [
    ['fine', serving, { dnsNames }, undefined],
    ['of an RSA key', [...serving, 'key encipherment'], { ipAddresses: ['10.0.0.1'] }, undefined],
    ['other group', serving, { organizations: [], dnsNames }, 'subject organization is not system:nodes'],
    ['no names', serving, {}, 'DNS or IP subjectAltName is required'],
    ['email', serving, { dnsNames, emailAddresses: ['a@b.c'] }, 'Email subjectAltNames are not allowed'],
    ['URI', serving, { dnsNames, uris: ['a:b'] }, 'URI subjectAltNames are not allowed'],
    ['client', rsa, { dnsNames }, 'usages did not match [digital signature key encipherment server auth]'],
    ['no node', serving, { dnsNames, commonName: 'x' }, 'subject common name does not begin with system:node:'],
  ])
  check('legacy-unknown', [['anything', ['any', 'cert sign'], { commonName: 'x', uris: ['a:b'] }, undefined]])
})

it('a failure is a condition more', () => {
  const { status } = withFailure(csr({}, { conditions: approved }), 'why', Date.parse('2026-01-01T00:00:00Z'))
  const lastUpdateTime = '2026-01-01T00:00:00Z'
  const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: 'why', lastUpdateTime }
  expect(status?.conditions).toEqual([...approved, failed])
})

// pkg/controller/certificates/signer/signer_test.go Test_signer_duration, authority/policies_test.go
describe('validity', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
  const never = now + 1000 * day
  it.each([
    ['the longest', undefined, 365 * day, never, 365 * day - 5 * minute],
    ['less than the longest', 86_400, 365 * day, never, day - 5 * minute],
    ['more than the longest', 86_400, 2 * hour, never, 2 * hour],
    ['short, and not less for the clocks’ sake', 3600, day, never, hour],
    ['shorter than can be', 60, day, never, 10 * minute],
    ['a long one just so', 8 * 3600, day, never, 8 * hour - 5 * minute],
    ['no longer than the authority', undefined, 365 * day, now + day, day],
  ])('%s', (_, seconds, longest, ends, lasts) => {
    const notBefore = new Date(now - 5 * minute)
    expect(validity(seconds, longest, now, ends)).toEqual({ notBefore, notAfter: new Date(now + lasts) })
  })
  it('of an authority that has run out', () => {
    expect(() => validity(undefined, day, now, now - hour)).toThrow('the signer has expired: NotAfter=')
    expect(() => validity(undefined, day, now, now - minute)).toThrow('expired in the past: NotAfter=')
  })
})

// pkg/controller/certificates/authority/policies_test.go TestKeyUsagesFromStrings
describe('certificateUsages', () => {
  it.each([
    [['signing'], ['digitalSignature'], []],
    [['client auth'], [], ['1.3.6.1.5.5.7.3.2']],
    [['client auth', 'server auth'], [], ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']],
    [['s/mime', 'email protection', 'signing', 'digital signature'], ['digitalSignature'], ['1.3.6.1.5.5.7.3.4']],
    [['crl sign', 'content commitment', 'any'], ['nonRepudiation', 'cRLSign'], ['2.5.29.37.0']],
  ])('%j', (usages, keyUsages, extendedKeyUsages) =>
    expect(certificateUsages(usages)).toEqual({ keyUsages, extendedKeyUsages }),
  )
  it('names those nobody knows', () =>
    expect(() => certificateUsages(['a', 'any'])).toThrow('unrecognized usage values: ["a"]'))
})

describe('authoritiesOf', async () => {
  const none = { cert: undefined, key: undefined }
  const own = { 'kubelet-serving': none, 'kubelet-client': none, 'kube-apiserver-client': none, 'legacy-unknown': none }
  const [one, two] = [await createCA('one'), await createCA('two')]
  const files: Record<string, string> = { 'one.crt': one.cert, 'one.key': one.key, 'two.key': two.key, bad: 'x' }
  const read = (path: string): string => files[path] ?? ''
  const pair = { cert: 'one.crt', key: 'one.key' }
  const signersOf = (cluster: typeof pair | typeof none, given: object = {}): string[] => [
    ...authoritiesOf(cluster, { ...own, ...given }, read).keys(),
  ]
  it('one for all, one for one, or none', () => {
    expect(signersOf(pair)).toEqual(Object.values(signerFlags))
    expect(signersOf(none, { 'kubelet-client': pair })).toEqual(['kubernetes.io/kube-apiserver-client-kubelet'])
    expect(signersOf(none)).toEqual([])
    expect(authoritiesOf(pair, own, read).get('kubernetes.io/kubelet-serving')).toEqual(one)
  })
  it.each([
    [pair, { 'kubelet-client': pair }, 'cannot specify default and per controller certs at the same time'],
    [none, { 'kubelet-client': { ...pair, key: undefined } }, '--cluster-signing-kubelet-client-key-file must be'],
    [{ ...pair, key: 'two.key' }, {}, '--cluster-signing-key-file: the key is not that of the certificate'],
    [{ ...pair, cert: 'bad' }, {}, '--cluster-signing-cert-file and'],
  ])('%j %j is refused', (cluster, given, message) => expect(() => signersOf(cluster, given)).toThrow(message))
})
