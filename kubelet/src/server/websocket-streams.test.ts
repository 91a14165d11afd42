import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { errorStatus, exitStatus, type RemoteStreams } from './remote-streams.ts'
import { webSocketProtocols, webSocketRemoteStreams } from './websocket-streams.ts'

const want = { stdin: true, stdout: true, stderr: true, tty: false }

describe('webSocketRemoteStreams', () => {
  let server: Server
  let opened: (streams: RemoteStreams) => void
  beforeAll(async () => {
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => webSocketProtocols.find((name) => offered.has(name)) ?? false,
    })
    server = createServer()
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (one) => opened(webSocketRemoteStreams(one, want))),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => server.close())

  /** One exec that says "out" and "err", hears what the client says, and ends with `status`. */
  const exec = async (protocol: string, status: string, input: Buffer | string) => {
    const streams = new Promise<RemoteStreams>((resolve) => (opened = resolve))
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    const client = new WebSocket(url, protocol === '' ? [] : [protocol])
    const messages: string[] = []
    const closed = new Promise((resolve) => client.on('close', resolve))
    client.on('message', (data: Buffer) => messages.push(data.toString('latin1')))
    await new Promise((resolve) => client.on('open', resolve))
    const { stdin, stdout, stderr, finish } = await streams
    stdout?.write('out')
    stderr?.write('err')
    client.send(input)
    if (!stdin) throw new Error('no stdin')
    const heard = await new Promise((resolve) => stdin.once('data', (chunk: Buffer) => resolve(chunk.toString())))
    await finish(status)
    await closed
    expect(await text(stdin)).toBe('')
    return { heard, messages }
  }

  const failure = 'command terminated with non-zero exit code: exit status 3'
  const bytes = (...more: string[]): string[] => ['\x01', '\x01out', '\x02err', ...more]
  const encoded = (...more: string[]): string[] => ['1', `1${btoa('out')}`, `2${btoa('err')}`, ...more]
  it.each([
    ['v5.channel.k8s.io', exitStatus(0), '\x00in', bytes(`\x03${exitStatus(0)}`)],
    ['v4.channel.k8s.io', exitStatus(3), '\x00in', bytes(`\x03${exitStatus(3)}`)],
    ['v4.base64.channel.k8s.io', exitStatus(0), `0${btoa('in')}`, encoded(`3${btoa(exitStatus(0))}`)],
    ['channel.k8s.io', exitStatus(0), '\x00in', bytes()],
    ['channel.k8s.io', exitStatus(3), '\x00in', bytes(`\x03${failure}`)],
    ['base64.channel.k8s.io', errorStatus('gone'), `0${btoa('in')}`, encoded(`3${btoa('gone')}`)],
    ['', exitStatus(0), '\x00in', bytes()],
  ])('speaks %s', async (protocol, status, input, messages) => {
    expect(await exec(protocol, status, protocol.includes('base64') ? input : Buffer.from(input))).toEqual({
      heard: 'in',
      messages,
    })
  })
})
