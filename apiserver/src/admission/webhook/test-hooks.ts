import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { AdmissionRequest, AdmissionResponse } from '@kubets/shared/api/types/admission-v1.ts'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'

/** The fields of a response that are not as they would be anyway. */
type Answer = object | ((request: AdmissionRequest) => object | Promise<object>)

/** A webhook server on loopback for the tests: what it answers is said by path, what it was asked can be read. */
export interface TestHooks {
  /** For a webhook's clientConfig. */
  at(path: string): { url: string; caBundle: string }
  answer(path: string, answer: Answer): void
  /** The requests that came to a path, the oldest first. */
  asked(path: string): AdmissionRequest[]
  stop(): void
}

export async function startTestHooks(): Promise<TestHooks> {
  const authority = await createCA('hooks-ca')
  const own = await issueCertificate(authority, {
    commonName: 'hooks',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  })
  const answers = new Map<string, Answer>()
  const asked = new Map<string, AdmissionRequest[]>()
  const server = https.createServer(own, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url?.split('?')[0] ?? ''
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: AdmissionRequest }
      asked.set(path, [...(asked.get(path) ?? []), review.request])
      const answer = answers.get(path) ?? {}
      const made = typeof answer === 'function' ? answer(review.request) : answer
      void Promise.resolve(made).then((more) => {
        const body = { ...review, request: undefined, response: { uid: review.request.uid, allowed: true, ...more } }
        response.end(JSON.stringify(body))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const caBundle = Buffer.from(authority.cert).toString('base64')
  return {
    at: (path) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle }),
    answer: (path, answer) => void answers.set(path, answer),
    asked: (path) => asked.get(path) ?? [],
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The part of an answer that patches. */
export function patching(...operations: object[]): Partial<AdmissionResponse> {
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') }
}
