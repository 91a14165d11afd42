import { once } from 'node:events'
import { createServer } from 'node:net'

// Below what the kernel gives to outgoing connections (from 32768) and node ports take (from 30000): there, a port
// that was free a moment ago may be gone when the program that shall listen on it starts, or starts again.
const lowest = 10_240
const highest = 29_999

/** A TCP port that nobody listens on now and that no outgoing connection is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1))
    const server = createServer().listen(port)
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!free) continue
    await once(server.close(), 'close')
    return port
  }
}
