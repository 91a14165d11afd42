import { createCA } from '@kubets/shared/process/certificates.ts'
import { describe, expect, it } from 'vitest'
import { authenticationConfig } from './authentication-config.ts'

const now = Date.now()
const headers = {
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}

describe('authenticationConfig', () => {
  it('has the authorities and the headers', async () => {
    const { cert: clientCa } = await createCA('client')
    const { cert: proxyCa } = await createCA('proxy')
    expect(authenticationConfig({}, { clientCa, requestHeader: { ...headers, clientCa: proxyCa } }, now)).toEqual({
      'client-ca-file': `${clientCa.trim()}\n`,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': `${proxyCa.trim()}\n`,
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    })
  })

  it('keeps what another apiserver wrote, drops what has expired, and mends what is broken', async () => {
    const { cert: own } = await createCA('own')
    const { cert: other } = await createCA('other')
    const stored = {
      'client-ca-file': other,
      'requestheader-allowed-names': '["elsewhere"]',
      'requestheader-group-headers': '{broken',
    }
    const settings = { clientCa: own, requestHeader: { ...headers, clientCa: own } }
    const data = authenticationConfig(stored, settings, now)
    expect(data['client-ca-file']).toBe(`${other.trim()}\n${own.trim()}\n`)
    expect(data['requestheader-allowed-names']).toBe('["elsewhere","front-proxy-client"]')
    expect(data['requestheader-group-headers']).toBe('["X-Remote-Group"]')
    expect(authenticationConfig(data, settings, now)).toEqual(data)
    expect(authenticationConfig(data, settings, now + 11 * 365 * 86_400_000)['client-ca-file']).toBe('')
  })
})
