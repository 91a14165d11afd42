import { describe, expect, it } from 'vitest'
import { curlConfig } from './container.ts'
import { isShared } from './host-folder.ts'

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

describe('the folder that containers and host share', () => {
  const line = (point: string, tags: string): string => `27 1 254:0 / ${point} rw,relatime ${tags}- ext4 /dev/vda rw\n`
  it.each([
    ['systemd makes all shared', line('/', 'shared:1 '), true],
    ['a private root', line('/', ''), false],
    ['a private root, a shared mount of the folder', line('/', '') + line('/var/lib/k', 'shared:7 '), true],
    ['a shared root, a private mount above', line('/', 'shared:1 ') + line('/var/lib', ''), false],
    ['a mount whose name merely begins alike', line('/', '') + line('/var/lib/k-other', 'shared:7 '), false],
    ['a slave is not shared', line('/', 'master:1 '), false],
    ['nothing known', '', false],
  ])('%s', (_name, table, wanted) => {
    expect(isShared(table, '/var/lib/k')).toBe(wanted)
  })
})
