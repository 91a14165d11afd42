import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PluginHandler } from './handler.ts'
import { PluginManager } from './manager.ts'
import { serveRegistration, type TestPlugin } from './plugin.testing.ts'

describe('PluginManager', () => {
  let folder: string
  let done: string[]
  let stopping: AbortController
  let running: Promise<void>
  const servers: { stop(): void }[] = []

  const handler: PluginHandler = {
    validate: (name, _endpoint, versions) => {
      if (versions.includes('9.0.0')) throw new Error(`${name} is of a later time`)
    },
    register: (name, endpoint) => {
      done.push(`+${name} ${path.relative(folder, endpoint)}`)
      return name === 'bad' ? Promise.reject(new Error('it says nothing')) : Promise.resolve()
    },
    deregister: (name) => {
      done.push(`-${name}`)
      return Promise.resolve()
    },
  }

  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'kubets-plugins-')), 'registry')
    done = []
    stopping = new AbortController()
    const handlers = new Map([['Test', handler]])
    running = new PluginManager({ folder, handlers, clock, log }).run(stopping.signal)
  })
  afterEach(async () => {
    stopping.abort()
    await running
    for (const server of servers.splice(0)) server.stop()
    await rm(path.dirname(folder), { recursive: true })
  })

  const serve = async (name: string, plugin: Partial<TestPlugin> = {}) => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    const server = await serveRegistration(path.join(folder, name), { type: 'Test', name: 'one', ...plugin })
    servers.push(server)
    return server
  }

  it('takes a plugin when its socket comes, and lets it go when it goes', async () => {
    const server = await serve('a.sock')
    await waitFor(() => server.notified.length > 0)
    expect(server.notified).toEqual([{ plugin_registered: true, error: '' }])
    expect(done).toEqual(['+one a.sock'])
    server.stop()
    await waitFor(() => done.length > 1)
    expect(done).toEqual(['+one a.sock', '-one'])
    const again = await serve('a.sock', { endpoint: path.join(folder, 'service') })
    await waitFor(() => again.notified.length > 0)
    expect(done).toEqual(['+one a.sock', '-one', '+one service'])
  })

  it('finds plugins in folders below', async () => {
    const server = await serve('deep/er/a.sock')
    await waitFor(() => server.notified.length > 0)
    expect(done).toEqual(['+one deep/er/a.sock'])
  })

  it('passes over what is no socket, or hidden', async () => {
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'file'), '')
    const hidden = await serve('.hidden.sock')
    const server = await serve('z.sock')
    await waitFor(() => server.notified.length > 0)
    expect(hidden.notified).toEqual([])
  })

  it('tells a plugin why it is not taken, and asks it again', async () => {
    const server = await serve('a.sock', { type: 'Other' })
    await waitFor(() => server.notified.length > 1)
    const socket = path.join(folder, 'a.sock')
    const error = `RegisterPlugin error -- no handler registered for plugin type: Other at socket ${socket}`
    expect(server.notified[1]).toEqual({ plugin_registered: false, error })
    const later = await serve('b.sock', { versions: ['9.0.0'] })
    await waitFor(() => later.notified.length > 0)
    expect(later.notified[0]?.error).toBe(
      'RegisterPlugin error -- plugin validation failed with err: one is of a later time',
    )
    expect(done).toEqual([])
  })

  it('does not ask again one whose registration failed, and lets it go with its socket', async () => {
    const server = await serve('a.sock', { name: 'bad' })
    await waitFor(() => server.notified.length > 0)
    const error = 'RegisterPlugin error -- plugin registration failed with err: it says nothing'
    expect(server.notified).toEqual([{ plugin_registered: false, error }])
    server.stop()
    await waitFor(() => done.length > 1)
    expect(done).toEqual(['+bad a.sock', '-bad'])
  })

  it('is not held up by a socket that nobody listens on', async () => {
    await mkdir(folder, { recursive: true })
    const other = path.join(path.dirname(folder), 'other.sock')
    const first = await serveRegistration(other, { type: 'Test', name: 'one' })
    await rename(other, path.join(folder, 'a.sock'))
    first.stop()
    const server = await serve('b.sock')
    await waitFor(() => server.notified.length > 0)
    expect(server.notified).toEqual([{ plugin_registered: true, error: '' }])
  })
})
