import { certificateSigningRequests, subjectAccessReviews } from '@kubets/shared/api/resources.gen.ts'
import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { pemOf } from '../certificates/conditions.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { approved, permissionsFor, waitsForApproval, type Permission } from './plan.ts'

const name = 'certificatesigningrequest-approving-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const requests = informers.informer(certificateSigningRequests)
  const queue = context.queue(name, { baseDelayMs: 200, maxDelayMs: 1_000_000 })
  const enqueue = (request: CertificateSigningRequest): void => {
    if (waitsForApproval(request)) queue.add(objectKey(request))
  }
  requests.addHandler({ add: enqueue, update: (_, request) => enqueue(request) })

  // pkg/controller/certificates/approver/sarapprove.go authorize
  const may = async (
    { spec }: CertificateSigningRequest,
    subresource: Permission,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const { username: user, uid, groups, extra } = spec
    const resource = 'certificatesigningrequests'
    const resourceAttributes = { group: 'certificates.k8s.io', resource, verb: 'create', subresource }
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: { user, uid, groups, extra, resourceAttributes },
    }
    const { status } = await client.create(subjectAccessReviews, review, { signal })
    return status?.allowed ?? false
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const request = requests.lister.byKey(key)
    if (!request || !waitsForApproval(request)) return
    // the library that reads certificates is large, and most clusters seldom ask for one
    const { readRequest } = await import('@kubets/shared/process/certificate-requests.ts')
    const tried = permissionsFor(request, readRequest(pemOf(request)))
    for (const permission of tried) {
      if (!(await may(request, permission, signal))) continue
      try {
        const next = approved(request, permission, clock.now())
        await client.update(certificateSigningRequests, next, { subresource: 'approval', signal })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
      return
    }
    if (tried.length === 0) return
    // who asks may be permitted to later: it is asked again, after ever longer waits
    throw new Error(`recognized csr "${key}" as [${tried.join(' ')}] but subject access review was not approved`)
  }
  return runLoop(context, { name, queue, workers: 5, reconcile })
}

// pkg/controller/certificates/approver/sarapprove.go
export const certificateSigningRequestApprovingController: Controller = { name, start }
