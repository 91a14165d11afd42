import { describe, expect, it } from 'vitest'
import { curlConfig } from './container.ts'

describe('the health checks of the containers', () => {
  it('ask over plain HTTP without, over HTTPS with the admin certificate', () => {
    expect(curlConfig('/s', 'http://127.0.0.1:1/healthz')).toBe(
      'url = "http://127.0.0.1:1/healthz"\nsilent\nshow-error\nfail\nmax-time = 4\n',
    )
    expect(curlConfig('/s', 'https://127.0.0.1:2/readyz')).toContain(
      'cacert = "/s/pki/ca.crt"\ncert = "/s/pki/admin.crt"\nkey = "/s/pki/admin.key"\n',
    )
  })
})
