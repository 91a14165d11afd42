import { readFileSync } from 'node:fs'
import type { ClientConfig } from '@kubets/shared/client/config.ts'
import { Transport } from '@kubets/shared/client/transport.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { ExtenderConfig } from '../config/extenders.ts'
import type { Extender, ExtenderVerdict } from '../framework/extender.ts'
import { maxNodeScore } from '../framework/plugin.ts'
import type { Candidate } from '../preemption/victims.ts'
import * as wire from './wire.ts'

/** An extender that is asked by POST of JSON to its URL. */
// pkg/scheduler/extender.go HTTPExtender
export class HTTPExtender implements Extender {
  readonly name: string
  readonly #config: ExtenderConfig
  readonly #clock: Clock
  readonly #transport: Transport
  readonly #managed: ReadonlySet<string>

  /** @throws Error when its certificates cannot be read or do not go together */
  constructor(config: ExtenderConfig, clock: Clock) {
    this.name = config.urlPrefix
    this.#config = config
    this.#clock = clock
    this.#transport = new Transport(transportConfig(config), clock)
    this.#managed = new Set(config.managedResources.map(({ name }) => name))
  }

  get ignorable(): boolean {
    return this.#config.ignorable
  }

  get isBinder(): boolean {
    return this.#config.bindVerb !== ''
  }

  get supportsPreemption(): boolean {
    return this.#config.preemptVerb !== ''
  }

  isInterested({ pod }: PodInfo): boolean {
    if (this.#managed.size === 0) return true
    return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(({ resources }) =>
      [resources?.requests, resources?.limits].some((list) =>
        Object.keys(list ?? {}).some((n) => this.#managed.has(n)),
      ),
    )
  }

  async filter(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ExtenderVerdict> {
    const { filterVerb, nodeCacheCapable: byName } = this.#config
    if (filterVerb === '') return { nodes, failed: new Map(), unresolvable: new Map() }
    const answer = await this.#send(filterVerb, wire.nodeArgs(pod, nodes, byName), signal)
    return wire.readVerdict(answer, nodes, byName, this.name)
  }

  async prioritize(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<Map<string, number>> {
    const { prioritizeVerb, nodeCacheCapable, weight } = this.#config
    if (prioritizeVerb === '') return new Map()
    const answer = await this.#send(prioritizeVerb, wire.nodeArgs(pod, nodes, nodeCacheCapable), signal)
    const scale = weight * (maxNodeScore / wire.maxExtenderScore)
    return new Map([...wire.readScores(answer)].map(([name, score]) => [name, score * scale]))
  }

  async preempt(
    pod: PodInfo,
    candidates: readonly Candidate[],
    snapshot: Snapshot,
    signal: AbortSignal,
  ): Promise<Candidate[]> {
    const { preemptVerb, nodeCacheCapable } = this.#config
    const answer = await this.#send(preemptVerb, wire.preemptionArgs(pod, candidates, nodeCacheCapable), signal)
    return wire.readCandidates(answer, snapshot, this.name)
  }

  async bind({ pod, uid }: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    const { name: PodName = '', namespace: PodNamespace = '' } = pod.metadata
    const answer = await this.#send(this.#config.bindVerb, { PodName, PodNamespace, PodUID: uid, Node: node }, signal)
    wire.failWith(answer)
  }

  // pkg/scheduler/extender.go HTTPExtender.send
  async #send(verb: string, args: object, signal: AbortSignal): Promise<unknown> {
    const url = `${this.name.replace(/\/+$/, '')}/${verb}`
    const limit = new AbortController()
    const late = new Error(`Post ${JSON.stringify(url)}: context deadline exceeded (Client.Timeout exceeded)`)
    const cancel = this.#clock.timer(this.#config.timeoutMs, () => limit.abort(late))
    try {
      const headers = { 'content-type': 'application/json' }
      const both = AbortSignal.any([signal, limit.signal])
      const body = JSON.stringify(args)
      const response = await this.#transport.send({ method: 'POST', path: `/${verb}`, headers, body, signal: both })
      if (response.status !== 200)
        throw new Error(`failed ${verb} with extender at URL ${url}, code ${response.status}`)
      return JSON.parse(response.body.toString()) as unknown
    } finally {
      cancel()
    }
  }
}

// pkg/scheduler/extender.go makeTransport, client-go rest/transport.go TLSConfigFor
function transportConfig({ urlPrefix, enableHTTPS, tls }: ExtenderConfig): ClientConfig {
  const pem = (data: string | undefined, file: string | undefined): string | undefined => {
    if (data) return Buffer.from(data, 'base64').toString()
    return file ? readFileSync(file, 'utf8') : undefined
  }
  const ca = pem(tls.caData, tls.caFile)
  const cert = pem(tls.certData, tls.certFile)
  const key = pem(tls.keyData, tls.keyFile)
  const insecure = tls.insecure || (enableHTTPS && !ca)
  if (ca && insecure) throw new Error('specifying a root certificates file with the insecure flag is not allowed')
  if (Boolean(cert) !== Boolean(key)) {
    throw new Error('tls: a client certificate needs its key, and a key its certificate')
  }
  return {
    server: urlPrefix.replace(/\/+$/, ''),
    userAgent: 'kube-scheduler',
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(insecure ? { insecureSkipTLSVerify: true } : {}),
    ...(tls.serverName ? { tlsServerName: tls.serverName } : {}),
  }
}
