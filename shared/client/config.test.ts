import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadKubeconfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

const pem = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n'
const base64 = Buffer.from(pem).toString('base64')

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const config = (more: { cluster?: string; user?: string; current?: string } = {}): string =>
  write(
    'config',
    `
apiVersion: v1
kind: Config
current-context: ${more.current ?? 'main'}
clusters:
- name: c1
  cluster: { ${more.cluster ?? 'server: "https://127.0.0.1:6443/"'} }
users:
- name: u1
  user: { ${more.user ?? ''} }
contexts:
- name: main
  context: { cluster: c1, user: u1 }
- name: lost
  context: { cluster: c2, user: u1 }
- name: nobody
  context: { cluster: c1 }
`,
  )

describe('loadKubeconfig', () => {
  it('takes data in base64', () => {
    const path = config({
      cluster: `server: "https://a:6443", certificate-authority-data: "${base64}", tls-server-name: b`,
      user: `client-certificate-data: "${base64}", client-key-data: "${base64}"`,
    })
    expect(loadKubeconfig(path)).toMatchObject({
      server: 'https://a:6443',
      ca: pem,
      cert: pem,
      key: pem,
      tlsServerName: 'b',
    })
  })

  it('takes files relative to its own folder', () => {
    write('ca.pem', pem)
    const path = config({ cluster: 'server: "https://a:6443/", certificate-authority: ca.pem' })
    expect(loadKubeconfig(path)).toMatchObject({ server: 'https://a:6443', ca: pem })
  })

  it('takes tokens, and reads a token file again when it changes', () => {
    expect(loadKubeconfig(config({ user: 'token: abc' })).token).toBe('abc')
    const file = write('token', 'one\n')
    const { token } = loadKubeconfig(config({ user: 'tokenFile: token' }))
    const read = token as () => string
    expect(read()).toBe('one')
    writeFileSync(file, 'two')
    utimesSync(file, 1, 1)
    expect(read()).toBe('two')
  })

  it('takes another context than the current one, and impersonation', () => {
    const path = config({ user: 'token: abc, as: eve, as-groups: [g]' })
    expect(loadKubeconfig(path).impersonate).toEqual({ user: 'eve', groups: ['g'] })
    expect(loadKubeconfig(path, 'nobody').token).toBeUndefined()
  })

  it.each<[string, () => string, string | undefined, string]>([
    ['a missing file', () => join(folder, 'none'), undefined, 'cannot read kubeconfig'],
    ['no YAML', () => write('bad', 'a: ['), undefined, 'is not valid YAML'],
    ['an empty file', () => write('empty', ''), undefined, 'is empty: it should be a kubeconfig'],
    ['no context', () => config({ current: '""' }), undefined, 'no current-context is set'],
    ['an unknown context', config, 'other', 'there is no context "other"; it has: main, lost, nobody'],
    ['an unknown cluster', config, 'lost', 'there is no cluster "c2"; it has: c1'],
    ['no server', () => config({ cluster: 'tls-server-name: a' }), undefined, 'cluster "c1" has no server'],
    ['a server that is no URL', () => config({ cluster: 'server: here' }), undefined, '"here" is no URL'],
    [
      'a missing CA',
      () => config({ cluster: 'server: "https://a", certificate-authority: x' }),
      undefined,
      'cannot read the certificate-authority',
    ],
    [
      'data that is no PEM',
      () => config({ user: 'client-key-data: "eHg="' }),
      undefined,
      'client-key-data is not the base64 of a PEM file',
    ],
    [
      'a plugin',
      () => config({ user: 'exec: {}' }),
      undefined,
      'uses an exec or auth-provider plugin, which is not supported',
    ],
  ])('says what to do about %s', (_, path, context, message) => {
    expect(() => loadKubeconfig(path(), context)).toThrow(message)
  })
})
