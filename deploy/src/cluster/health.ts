import { readFile } from 'node:fs/promises'
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { join } from 'node:path'
import type { Settings } from '../settings.ts'

/** An answer of the cluster: HTTP status and body; code 0 when nothing answered within two seconds. */
export interface Answer {
  readonly code: number
  readonly body: string
}

/** GETs a URL as the admin (for https, with the cluster's own authority). Never rejects. */
export async function ask(settings: Settings, url: string): Promise<Answer> {
  const pki = (file: string) => readFile(join(settings.stateDir, 'pki', file)).catch(() => undefined)
  const https = url.startsWith('https:')
  const identity = https ? { ca: await pki('ca.crt'), cert: await pki('admin.crt'), key: await pki('admin.key') } : {}
  return new Promise((done) => {
    const request = (https ? secure : plain)(url, { ...identity, agent: false, timeout: 2_000 }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => done({ code: response.statusCode ?? 0, body }))
      response.on('error', (error) => done({ code: 0, body: error.message }))
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 2 s')))
    request.on('error', (error) => done({ code: 0, body: error.message }))
    request.end()
  })
}
