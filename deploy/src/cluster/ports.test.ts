import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../settings.ts'
import { checkPorts } from './ports.ts'

describe('ports', () => {
  it('names the port that somebody else holds, and what it is for', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const settings = readSettings('/', [`--secure-port=${String(port)}`, '--state-dir=/nonexistent'], {})
    try {
      await expect(checkPorts(settings)).rejects.toThrow(`- ${String(port)}, for apiserver (--secure-port)`)
    } finally {
      server.close()
    }
  })
})
