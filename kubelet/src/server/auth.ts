import type { TLSSocket } from 'node:tls'
import type { ResourceRef, KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { ServerError } from './pods.ts'

/** Who asks, read from the client certificate. */
export interface Requester {
  readonly user: string
  readonly groups: readonly string[]
}

interface SubjectAccessReview extends KubeObject {
  readonly spec: object
  readonly status?: { readonly allowed?: boolean }
}

const subjectAccessReviews: ResourceRef<SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
}

/** How long an answer of the apiserver holds, in milliseconds. KubeletConfiguration authorization.webhook cache TTLs. */
const allowedForMs = 300_000
const deniedForMs = 30_000
const maxCached = 1000

/** @throws ServerError 401 unless the connection carries a certificate of the cluster's authority. */
export function requester(socket: TLSSocket): Requester {
  const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string; O?: string | string[] } }
  if (!socket.authorized || subject?.CN === undefined) throw new ServerError(401, 'Unauthorized')
  return { user: subject.CN, groups: [...[subject.O ?? []].flat(), 'system:authenticated'] }
}

const ownSubresources: readonly (readonly [path: string, subresources: readonly string[]])[] = [
  ['/stats', ['stats']],
  ['/metrics', ['metrics']],
  ['/logs', ['log']],
  ['/healthz', ['healthz', 'proxy']],
  ['/pods', ['pods', 'proxy']],
  ['/runningpods', ['pods', 'proxy']],
  ['/configz', ['configz', 'proxy']],
]

/**
 * The node subresources that a path of the kubelet's API belongs to: who may use one of them may ask.
 * pkg/kubelet/server/auth.go GetRequestAttributes
 */
export function nodeSubresources(url: string): readonly string[] {
  const path = url.split('?', 1)[0] ?? ''
  const own = ownSubresources.find(([root]) => path === root || path.startsWith(`${root}/`))
  return own?.[1] ?? ['proxy']
}

/** The verb that an HTTP method stands for here. */
export function verbOf(method: string): string {
  return { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? 'get'
}

/** Asks the apiserver whether somebody may use this node's API (SubjectAccessReview), and remembers the answer a while. */
export class Authorizer {
  readonly #client: Client
  readonly #nodeName: string
  readonly #clock: Clock
  readonly #answers = new Map<string, { allowed: boolean; until: number }>()

  constructor(client: Client, nodeName: string, clock: Clock) {
    this.#client = client
    this.#nodeName = nodeName
    this.#clock = clock
  }

  /** @throws ServerError 403 when the answer is no, 500 when there is none. */
  async check(who: Requester, method: string, path: string, signal: AbortSignal): Promise<void> {
    const verb = verbOf(method)
    const subresources = nodeSubresources(path)
    for (const subresource of subresources) {
      const key = JSON.stringify([who, verb, subresource])
      const known = this.#answers.get(key)
      const allowed =
        known && known.until > this.#clock.elapsed()
          ? known.allowed
          : await this.#ask(who, verb, subresource, key, signal)
      if (allowed) return
    }
    throw new ServerError(
      403,
      `Forbidden (user=${who.user}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])`,
    )
  }

  async #ask(who: Requester, verb: string, subresource: string, key: string, signal: AbortSignal): Promise<boolean> {
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: who.user,
        groups: who.groups,
        resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
      },
    }
    const answer = await this.#client.create(subjectAccessReviews, review, { signal }).catch((error: unknown) => {
      throw new ServerError(
        500,
        `Authorization error (user=${who.user}): ${error instanceof Error ? error.message : String(error)}`,
      )
    })
    const allowed = answer.status?.allowed === true
    if (this.#answers.size >= maxCached) this.#answers.clear()
    this.#answers.set(key, { allowed, until: this.#clock.elapsed() + (allowed ? allowedForMs : deniedForMs) })
    return allowed
  }
}
