import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { resourceClaims } from '@kubets/shared/api/resources.gen.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { Turns } from '../csi/turns.ts'
import type { PluginHandler } from '../plugins/handler.ts'
import { checkpointText, parseCheckpoint } from './checkpoint.ts'
import { byDriver, cdiDevicesOf, checkedClaim, claimKey, DynamicResourcesError, usedClaims } from './claims.ts'
import type { ClaimInfo } from './claims.ts'
import { DraDrivers } from './drivers.ts'
import type { DraMetrics } from './metrics.ts'
import { NodeSlices } from './slices.ts'

export interface DraManagerOptions {
  rootDir: string
  nodeName: string
  client: Client
  /** Whether nothing of a Pod is on the node any more; false while not all Pods are known. */
  isGone(podUid: string): boolean
  metrics: DraMetrics
  clock: Clock
  log: Logger
  lifetime: AbortSignal
}

const fileName = 'dra_manager_state'
// pkg/kubelet/cm/container_manager_linux.go NewContainerManager
const reconcileMs = 60_000

/** Lets drivers prepare the claims of Pods before they start, and take them back when the last of them is gone. */
// pkg/kubelet/cm/dra/manager.go
export class DraManager {
  readonly #options: DraManagerOptions
  readonly #file: string
  readonly #drivers: DraDrivers
  readonly #slices: NodeSlices
  readonly #turns = new Turns()
  readonly #claims: Map<string, ClaimInfo>
  /** The uids of claims that drivers have prepared since the kubelet began: they are asked again after a restart. */
  readonly #prepared = new Set<string>()
  #writing: Promise<void> = Promise.resolve()

  private constructor(options: DraManagerOptions, claims: readonly ClaimInfo[]) {
    this.#options = options
    this.#file = path.join(options.rootDir, fileName)
    this.#slices = new NodeSlices(options)
    this.#drivers = new DraDrivers(options.clock, options.metrics, (driver) => {
      this.#slices.sync(driver, this.#drivers.usable(driver))
    })
    this.#claims = new Map(claims.map((one) => [claimKey(one), one]))
  }

  /** Goes on where an earlier kubelet was. Rejects when what it wrote down is broken. */
  // newClaimInfoCache
  static async open(options: DraManagerOptions): Promise<DraManager> {
    const text = await readFile(path.join(options.rootDir, fileName), 'utf8').catch(() => undefined)
    try {
      return new DraManager(options, text === undefined ? [] : parseCheckpoint(text))
    } catch (error) {
      const why = `failed to get checkpoint ${fileName}: ${(error as Error).message}`
      throw new Error(`create ResourceClaim cache: ${why}`, { cause: error })
    }
  }

  /** Takes the drivers that are found by their sockets. */
  get handler(): PluginHandler {
    return this.#drivers
  }

  /** Has all claims of a Pod prepared that are not. Rejects with a DynamicResourcesError. */
  // PrepareResources
  async prepare(pod: Pod, signal: AbortSignal): Promise<void> {
    try {
      await this.#timed('PrepareResources', async () => {
        const wanted = await this.#wanted(pod, signal)
        await this.#take(wanted.map(claimKey), () => this.#prepare(pod.metadata.uid ?? '', wanted, signal))
      })
    } catch (error) {
      signal.throwIfAborted()
      throw new DynamicResourcesError(`prepare dynamic resources: ${(error as Error).message}`)
    }
  }

  /** The CDI names of what a container gets. @throws Error when a claim is not prepared */
  // GetResources
  devicesOf(pod: Pod, container: Container): string[] {
    return cdiDevicesOf(pod, container, (key) => this.#claims.get(key))
  }

  /** Has those claims of a Pod taken back that no other has; nothing runs of it. Rejects when a driver does not do so. */
  // UnprepareResources
  async unprepare(podUid: string, signal: AbortSignal): Promise<void> {
    const keys = [...this.#claims].filter(([, { podUids }]) => podUids.has(podUid)).map(([key]) => key)
    if (keys.length === 0) return
    try {
      await this.#timed('UnprepareResources', () => this.#take(keys, () => this.#unprepare(podUid, keys, signal)))
    } catch (error) {
      signal.throwIfAborted()
      throw new Error(`unprepare dynamic resources: ${(error as Error).message}`, { cause: error })
    }
  }

  /** The drivers of each claim that Pods have. */
  *inUse(): Generator<ReadonlySet<string>> {
    for (const { drivers } of this.#claims.values()) yield new Set(drivers.keys())
  }

  /** Looks after what Pods have left that went while nobody saw it, until the kubelet ends. Never rejects. */
  // reconcileLoop
  async run(): Promise<void> {
    const { clock, lifetime, isGone, log } = this.#options
    const wiped = this.#slices.wipe(undefined, lifetime)
    while (!lifetime.aborted) {
      const uids = new Set([...this.#claims.values()].flatMap(({ podUids }) => [...podUids]))
      for (const uid of uids) {
        if (!isGone(uid)) continue
        await this.unprepare(uid, lifetime).catch((error: unknown) => {
          if (lifetime.aborted) return
          const text = 'Unpreparing pod resources in reconcile loop failed, will retry'
          log.info({ podUID: uid, err: (error as Error).message }, text)
        })
      }
      await clock.sleep(reconcileMs, lifetime).catch(() => undefined)
    }
    await wiped
    this.#slices.stop()
    this.#drivers.close()
  }

  async #timed(operation: 'PrepareResources' | 'UnprepareResources', work: () => Promise<void>): Promise<void> {
    const { clock, metrics } = this.#options
    const began = clock.elapsed()
    const end = (failed: boolean): void => metrics.operated(operation, failed, (clock.elapsed() - began) / 1000)
    try {
      await work()
    } catch (error) {
      end(true)
      throw error
    }
    end(false)
  }

  // before anything is written down: a Pod that never had a claim owes nobody anything
  async #wanted(pod: Pod, signal: AbortSignal): Promise<ClaimInfo[]> {
    const { namespace = '' } = pod.metadata
    const wanted = new Map<string, ClaimInfo>()
    for (const used of usedClaims(pod)) {
      const claim = await this.#options.client
        .get(resourceClaims, used.name, { namespace, signal })
        .catch((error: unknown) => {
          throw new Error(`fetch ResourceClaim ${used.name}: ${(error as Error).message}`)
        })
      const info = checkedClaim(pod, used, claim)
      for (const driver of info.drivers.keys()) this.#drivers.get(driver)
      wanted.set(claimKey(info), info)
    }
    return [...wanted.values()]
  }

  /** One after another, whoever else has to do with one of the claims. */
  #take(keys: readonly string[], work: () => Promise<void>): Promise<void> {
    // in one order for all, so that nobody waits for one who waits for it
    const held = keys.toSorted().reduceRight((inner, key) => () => this.#turns.take(key, inner), work)
    return held()
  }

  async #prepare(podUid: string, wanted: readonly ClaimInfo[], signal: AbortSignal): Promise<void> {
    // nobody may take back yet what is not written down
    signal.throwIfAborted()
    for (const { name, uid, ...of } of wanted) {
      const before = this.#claims.get(claimKey({ name, ...of }))
      if (!before || before.uid === uid) continue
      const old = `old ResourceClaim with same name ${name} and different UID ${before.uid}`
      throw new Error(`${old} still exists (previous pod force-deleted?!)`)
    }
    for (const info of wanted) {
      const known = this.#claims.get(claimKey(info)) ?? info
      this.#claims.set(claimKey(info), { ...known, podUids: new Set([...known.podUids, podUid]) })
    }
    await this.#write('checkpoint ResourceClaim cache')
    const missing = wanted.filter(({ uid }) => !this.#prepared.has(uid))
    if (missing.length === 0) return
    for (const [driver, claims] of byDriver(missing)) {
      const given = await this.#drivers.get(driver).prepare(claims, signal)
      for (const claim of claims) {
        const info = this.#claims.get(claimKey(claim)) ?? claim
        const drivers = new Map([...info.drivers, [driver, given.get(claim.uid) ?? []]])
        this.#claims.set(claimKey(claim), { ...info, drivers })
      }
    }
    for (const { uid } of missing) this.#prepared.add(uid)
    await this.#write('checkpoint ResourceClaim state')
  }

  // unprepareResources
  async #unprepare(podUid: string, keys: readonly string[], signal: AbortSignal): Promise<void> {
    const mine = keys.flatMap((key) => this.#claims.get(key) ?? []).filter(({ podUids }) => podUids.has(podUid))
    const last = mine.filter(({ podUids }) => podUids.size === 1)
    for (const [driver, claims] of byDriver(last)) await this.#drivers.get(driver).unprepare(claims, signal)
    for (const claim of mine) {
      if (last.includes(claim)) {
        this.#claims.delete(claimKey(claim))
        this.#prepared.delete(claim.uid)
      } else {
        this.#claims.set(claimKey(claim), { ...claim, podUids: claim.podUids.difference(new Set([podUid])) })
      }
    }
    await this.#write('checkpoint ResourceClaim state')
  }

  // one after the other, so that the last is what stays
  #write(what: string): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        await writeFile(`${this.#file}.new`, checkpointText([...this.#claims.values()]), { mode: 0o600 })
        await rename(`${this.#file}.new`, this.#file)
      })
      .catch((error: unknown) => {
        throw new Error(`${what}: ${(error as Error).message}`)
      })
    return this.#writing
  }
}
