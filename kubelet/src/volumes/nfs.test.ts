import { describe, expect, it } from 'vitest'
import { nfsMount } from './nfs.ts'

describe('nfsMount', () => {
  const source = { server: 'nfs.example', path: '/data' }
  it.each([
    [{ source, readonly: false, mountOptions: [] }, 'nfs.example:/data', []],
    [{ source: { ...source, server: 'fd00::1' }, readonly: false, mountOptions: [] }, '[fd00::1]:/data', []],
    [
      { source, readonly: true, mountOptions: ['nfsvers=4.1', 'hard', 'ro'] },
      'nfs.example:/data',
      ['hard', 'nfsvers=4.1', 'ro'],
    ],
    [{ source: { ...source, readOnly: true }, readonly: false, mountOptions: [] }, 'nfs.example:/data', ['ro']],
  ])('%j', (volume, device, options) => expect(nfsMount({ name: 'v', ...volume })).toEqual({ device, options }))
})
