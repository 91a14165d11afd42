import { certificateSigningRequests } from '@kubets/shared/api/resources.gen.ts'
import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { pemOf } from '../certificates/conditions.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { updateStatus } from '../status.ts'
import { problemOf, validity, waitsForSigner, withCertificate, withFailure } from './plan.ts'
import { certificateUsages } from './usages.ts'

const name = 'certificatesigningrequest-signing-controller'

const start = (context: ControllerContext): Run | undefined => {
  const { client, informers, options, clock } = context
  const { authorities, longestMs } = options.signing
  if (authorities.size === 0) return undefined
  const requests = informers.informer(certificateSigningRequests)
  const queue = context.queue(name, { baseDelayMs: 200, maxDelayMs: 1_000_000 })
  const enqueue = (request: CertificateSigningRequest): void => {
    if (waitsForSigner(request) && authorities.has(request.spec.signerName)) queue.add(objectKey(request))
  }
  requests.addHandler({ add: enqueue, update: (_, request) => enqueue(request) })

  const decided = async (request: CertificateSigningRequest): Promise<CertificateSigningRequest | undefined> => {
    const files = authorities.get(request.spec.signerName)
    if (files === undefined || !waitsForSigner(request)) return undefined
    // the library that reads certificates is large, and most clusters seldom ask for one
    const { issueForRequest, readAuthority, readRequest } =
      await import('@kubets/shared/process/certificate-requests.ts')
    const asked = readRequest(pemOf(request))
    const problem = problemOf(request, asked)
    const now = clock.now()
    if (problem !== undefined) return withFailure(request, problem, now)
    const authority = await readAuthority(files.cert, files.key)
    const { expirationSeconds, usages = [] } = request.spec
    const ends = authority.certificate.notAfter.getTime()
    const given = { ...validity(expirationSeconds, longestMs, now, ends), ...certificateUsages(usages) }
    return withCertificate(request, await issueForRequest(authority, asked, given))
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const request = requests.lister.byKey(key)
    const next = request && (await decided(request))
    if (next) await updateStatus(client, certificateSigningRequests, next, signal)
  }
  return runLoop(context, { name, queue, workers: 5, reconcile })
}

// pkg/controller/certificates/signer/signer.go
export const certificateSigningRequestSigningController: Controller = { name, start }
