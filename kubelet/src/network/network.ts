import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { DockerContext } from '../runtime/docker/client.ts'
import { ensurePodNetwork, removePodNetwork } from '../runtime/docker/network.ts'
import { gatewayOf } from './cidr.ts'
import { applyChains, forgetUnknownPods, podChains, refuseUnknownPods, removeChains } from './rules.ts'

export interface PodNetworkOptions {
  context: DockerContext
  /** Addresses of all Pods of the cluster. */
  clusterCidr: string
  clock: Clock
  log: Logger
}

// how often what was set up is looked at again, in case somebody took it away
const checkMs = 60_000

/** The network of this node's Pods: a Docker bridge with the node's Pod CIDR. */
export class PodNetwork {
  readonly #options: PodNetworkOptions
  readonly #id: string
  readonly #device: string
  #cidr: string | undefined
  #checkAt = 0
  /** Ports of the bridge that have been told to. */
  #hairpins: ReadonlySet<string> = new Set()
  #problem = 'the node has no Pod CIDR yet'

  constructor(options: PodNetworkOptions) {
    this.#options = options
    // a device's name has 15 characters at most
    this.#id = createHash('sha256').update(options.context.nodeName).digest('hex').slice(0, 8)
    this.#device = `kbr-${this.#id}`
  }

  /** Why Pods cannot get an address; undefined when they can. */
  get problem(): string | undefined {
    return this.#cidr === undefined ? this.#problem : undefined
  }

  /** Makes everything ready for Pods with addresses of this CIDR; to be called often, repairs now and then. Never rejects. */
  async setUp(podCidr: string, signal: AbortSignal): Promise<void> {
    const { context, clusterCidr, clock, log } = this.#options
    if (this.#cidr === podCidr && clock.elapsed() < this.#checkAt) return
    try {
      await refuseUnknownPods(clusterCidr, signal)
      await ensurePodNetwork(context, podCidr, gatewayOf(podCidr), this.#device, signal)
      await applyChains(podChains(this.#id, podCidr, clusterCidr), signal)
      await setSysctl('net/ipv4/ip_forward')
      // without it a Service's answer from a Pod on the same bridge would bypass the translation back
      await setSysctl('net/bridge/bridge-nf-call-iptables')
      if (this.#cidr !== podCidr) log.info({ podCidr, device: this.#device }, 'Pod network is ready')
      this.#cidr = podCidr
      this.#checkAt = clock.elapsed() + checkMs
    } catch (error) {
      if (signal.aborted) return
      this.#problem = error instanceof Error ? error.message : String(error)
      log.error({ error: this.#problem }, 'Pod network cannot be set up')
    }
  }

  /** Lets a Pod reach itself through a Service: the bridge may send a frame back where it came from. */
  async allowHairpin(): Promise<void> {
    const ports = `/sys/class/net/${this.#device}/brif`
    const present = await readdir(ports).catch(() => [])
    const fresh = present.filter((port) => !this.#hairpins.has(port))
    this.#hairpins = new Set(present)
    for (const port of fresh) {
      // a port may go between the list and the write
      await writeFile(`${ports}/${port}/hairpin_mode`, '1').catch(() => undefined)
    }
  }

  /** Takes the bridge, the rules and the route away. */
  async remove(signal: AbortSignal): Promise<void> {
    await removeChains(podChains(this.#id, '0.0.0.0/0', '0.0.0.0/0'), signal)
    await forgetUnknownPods(this.#options.clusterCidr, signal)
    await removePodNetwork(this.#options.context, signal)
  }
}

async function setSysctl(name: string): Promise<void> {
  const file = `/proc/sys/${name}`
  const now = await readFile(file, 'utf8').catch(() => undefined)
  // a kernel without the bridge filter has nothing to bypass
  if (now !== undefined && now.trim() !== '1') await writeFile(file, '1')
}
