import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ScriptedRequest {
  method: string
  /** Path without query. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: string
}

type Answer = (req: ScriptedRequest, res: ServerResponse) => void

/** A real HTTP server that answers as the test says and remembers what it was asked. */
export async function startScriptedServer(answer: Answer): Promise<{
  url: string
  requests: ScriptedRequest[]
  /** Cuts every open connection; the server goes on listening. */
  cut(): void
  stop(): Promise<void>
}> {
  const requests: ScriptedRequest[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const url = new URL(req.url ?? '/', 'http://localhost')
      const request: ScriptedRequest = {
        method: req.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: req.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      requests.push(request)
      answer(request, res)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut: () => server.closeAllConnections(),
    async stop() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

/** Sends a JSON body. */
export function sendJson(res: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(JSON.stringify(body))
}
