import { request } from 'node:http'
import { text } from 'node:stream/consumers'

const limitMs = 60_000

/** A call to the machine's Docker engine; answers its JSON. Throws what it says when it refuses. */
export function docker(method: string, path: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: '/var/run/docker.sock',
        method,
        path,
        headers: { 'content-type': 'application/json' },
        timeout: limitMs,
      },
      (response) => {
        text(response).then((said) => {
          if ((response.statusCode ?? 500) < 400) resolve(said === '' ? undefined : JSON.parse(said))
          else reject(new Error(`${method} ${path}: ${said}`))
        }, reject)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)))
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
