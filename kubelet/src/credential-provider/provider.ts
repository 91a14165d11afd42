// A credential provider with what it said before. pkg/credentialprovider/plugin/plugin.go pluginProvider
import { createHash } from 'node:crypto'
import type { Pod, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import { tracked, urlsMatch, type DockerConfig, type TrackedConfig } from '../images/keyring.ts'
import type { Coordinates } from '../images/pull-records.ts'
import { orAborted } from '../images/puller.ts'
import type { TokenQuestion } from '../objects.ts'
import type { CredentialProvider } from './config.ts'
import type { Answer, Question } from './exec.ts'

const purgeMs = 15 * 60_000
const globalKey = 'global'
const nothing: TrackedConfig = new Map()

export interface ProviderDeps {
  clock: Clock
  log: Logger
  /** Asks the provider's program. */
  ask(provider: CredentialProvider, question: Question): Promise<Answer>
  serviceAccount(namespace: string, name: string, signal: AbortSignal): Promise<ServiceAccount | undefined>
  token(question: TokenQuestion, signal: AbortSignal): Promise<string>
}

interface Kept {
  config: DockerConfig
  expiresAt: number
}

/** Who the image is for, where the provider wants to know. */
interface Account {
  token: string
  annotations: Record<string, string>
  coordinates: Coordinates
  /** What is kept is kept for this service account. */
  key: string
}

/** Knows the credentials that one provider gives, and keeps them as long as it says. */
export class ProviderCache {
  readonly #provider: CredentialProvider
  readonly #deps: ProviderDeps
  readonly #kept = new Map<string, Kept>()
  /** Questions that are under way: each is asked once. */
  readonly #asked = new Map<string, Promise<Answer>>()
  #purgedAt: number

  constructor(provider: CredentialProvider, deps: ProviderDeps) {
    this.#provider = provider
    this.#deps = deps
    this.#purgedAt = deps.clock.elapsed()
  }

  /** The credentials for a repository that a Pod needs; none when the provider is not for it or fails, which is logged. */
  async provide(repository: string, pod: Pod, signal: AbortSignal): Promise<TrackedConfig> {
    if (!this.#provider.matchImages?.some((glob) => urlsMatch(glob, repository))) return nothing
    try {
      const account = await this.#account(pod, signal)
      if (account === 'unwanted') return nothing
      const source = account && { serviceAccount: account.coordinates }
      return tracked(await this.#credentials(repository, account, signal), source)
    } catch (error) {
      signal.throwIfAborted()
      const facts = { provider: this.#provider.name, image: repository, error: (error as Error).message }
      this.#deps.log.error(facts, 'Failed getting credential from external registry credential provider')
      return nothing
    }
  }

  async #account(pod: Pod, signal: AbortSignal): Promise<Account | 'unwanted' | undefined> {
    const wanted = this.#provider.tokenAttributes
    if (!wanted) return undefined
    const { serviceAccountName: name = '' } = pod.spec
    if (name === '') return wanted.requireServiceAccount ? 'unwanted' : undefined
    const { namespace = '', name: podName = '', uid = '' } = pod.metadata
    const account = await this.#deps.serviceAccount(namespace, name, signal)
    if (!account) throw new Error(`serviceaccounts "${name}" not found`)
    const has = new Map(Object.entries(account.metadata.annotations ?? {}))
    const needed = wanted.requiredServiceAccountAnnotationKeys ?? []
    // a workload asks for this with its annotation: without one the provider is not for it
    if (needed.some((key) => !has.has(key))) return 'unwanted'
    const keys = [...needed, ...(wanted.optionalServiceAccountAnnotationKeys ?? [])].filter((key) => has.has(key))
    const annotations = Object.fromEntries(keys.toSorted().map((key) => [key, has.get(key) ?? '']))
    const audience = wanted.serviceAccountTokenAudience ?? ''
    const question = { namespace, serviceAccount: name, audience, expirationSeconds: 3600, pod: { name: podName, uid } }
    const token = await this.#deps.token(question, signal)
    const byToken = wanted.cacheType === 'Token' ? hashOf(token) : ''
    const { uid: accountUid = '' } = account.metadata
    const key = JSON.stringify([namespace, name, accountUid, annotations, byToken])
    return { token, annotations, coordinates: { uid: accountUid, namespace, name }, key }
  }

  async #credentials(repository: string, account: Account | undefined, signal: AbortSignal): Promise<DockerConfig> {
    const accountKey = account?.key ?? ''
    const keyOf = (place: string): string => JSON.stringify([place, accountKey])
    const registry = repository.split('/', 1)[0] ?? ''
    const now = this.#deps.clock.elapsed()
    this.#purge(now)
    for (const place of [repository, registry, globalKey]) {
      const kept = this.#kept.get(keyOf(place))
      if (kept && now <= kept.expiresAt) return kept.config
    }
    const answer = await orAborted(this.#ask(repository, account), signal)
    const auths = Object.entries(answer.auth ?? {})
    const ownCopy = this.#provider.tokenAttributes?.cacheType === 'Token'
    if (account && !ownCopy && auths.some(([, { password }]) => password === account.token)) {
      const what = `Credential provider plugin returned the service account token as the password for image "${repository}"`
      throw new Error(`${what}, which is not allowed when service account cache type is not set to 'Token'`)
    }
    const places: Readonly<Record<string, string>> = { Image: repository, Registry: registry, Global: globalKey }
    const place = Object.hasOwn(places, answer.cacheKeyType) ? places[answer.cacheKeyType] : undefined
    if (place === undefined) {
      const type = JSON.stringify(answer.cacheKeyType)
      throw new Error(`credential provider plugin did not return a valid cacheKeyType: ${type}`)
    }
    const config: DockerConfig = new Map(
      auths.map(([at, { username = '', password = '' }]) => [at, { username, password }]),
    )
    const duration = parseGoDuration(answer.cacheDuration ?? this.#provider.defaultCacheDuration ?? '0s')
    const forMs = Number(duration / 1_000_000n)
    if (duration !== 0n) this.#kept.set(keyOf(place), { config, expiresAt: this.#deps.clock.elapsed() + forMs })
    return config
  }

  #ask(image: string, account: Account | undefined): Promise<Answer> {
    const { token = '', annotations = {} } = account ?? {}
    const key = JSON.stringify([image, token === '' ? '' : hashOf(token), annotations])
    const before = this.#asked.get(key)
    if (before) return before
    const question: Question = {
      image,
      ...(token !== '' && { serviceAccountToken: token }),
      ...(Object.keys(annotations).length > 0 && { serviceAccountAnnotations: annotations }),
    }
    const asked = this.#deps.ask(this.#provider, question).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    return asked
  }

  #purge(now: number): void {
    if (now <= this.#purgedAt + purgeMs) return
    this.#purgedAt = now
    for (const [key, { expiresAt }] of this.#kept) if (now > expiresAt) this.#kept.delete(key)
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')
