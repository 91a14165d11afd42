import http from 'node:http'
import https from 'node:https'
import { dialWords, exchangeWords } from '../webhook/go-words.ts'

/** What a component says of itself. */
export interface Probed {
  status: 'True' | 'False'
  message?: string
  error?: string
}

// pkg/registry/core/componentstatus/validator.go probeTimeOut
const timeout = 20_000
// pkg/probe/http/http.go maxRespBodyLength
const longestBody = 10 * 1024
const host = '127.0.0.1'

/**
 * Asks a component on this machine at its /healthz, over TLS whatever its certificate; one that speaks no TLS is asked
 * without. What goes wrong is the message, as upstream's. Rejects with the signal's reason.
 */
// pkg/registry/core/componentstatus/validator.go HttpServer.DoServerCheck, pkg/probe/http/http.go DoHTTPProbe
export async function probeComponent(port: number, signal: AbortSignal): Promise<Probed> {
  let refused: unknown
  // EPROTO: what came back is no TLS
  for (const scheme of ['https', 'http'] as const) {
    try {
      return await ask(scheme === 'https' ? https : http, port, signal)
    } catch (error) {
      signal.throwIfAborted()
      refused = error
      if ((error as NodeJS.ErrnoException).code !== 'EPROTO') return failure(scheme, port, error as Error)
    }
  }
  return failure('http', port, refused as Error)
}

function failure(scheme: string, port: number, error: NodeJS.ErrnoException): Probed {
  const words = error.syscall === 'connect' ? dialWords(host, port, error) : exchangeWords(error)
  return { status: 'False', message: `Get "${scheme}://${host}:${port}/healthz": ${words}` }
}

function ask({ request }: typeof https | typeof http, port: number, signal: AbortSignal): Promise<Probed> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path: '/healthz', agent: false, timeout, signal, rejectUnauthorized: false }
    const asked = request(options, (response) => {
      const { statusCode: code = 0 } = response
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body = (body + text).slice(0, longestBody)))
      response.on('error', reject)
      response.on('end', () => {
        if (code >= 200 && code < 400) resolve({ status: 'True', message: body })
        else resolve({ status: 'False', message: `HTTP probe failed with statuscode: ${code}` })
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('context deadline exceeded')))
    asked.on('error', reject)
    asked.end()
  })
}
