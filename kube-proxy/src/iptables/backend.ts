import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Backend, SyncResult } from '../backend.ts'
import type { Run } from '../command.ts'
import type { Model } from '../rules/model.ts'
import { parseSettings, settingsText, writeSettings, type Settings, type Sysctls } from '../sysctls.ts'
import * as chain from './chains.ts'
import { jumpLines, jumpRemovals, tables, wantedJumps, type Table } from './jumps.ts'
import { changes, restoreText, type Ruleset } from './ruleset.ts'
import { iptablesRules } from './write.ts'

const own = new Set<string>([
  chain.services,
  chain.externalServices,
  chain.nodePorts,
  chain.postrouting,
  chain.markMasq,
  chain.forward,
  chain.proxyFirewall,
  chain.firewall,
  chain.clusterIPs,
  chain.canary,
])
const isOurs = (name: string): boolean => own.has(name) || chain.isServiceChain(name)

/** A table as iptables-save prints it. */
interface Saved {
  readonly chains: readonly string[]
  readonly rules: readonly string[]
}

/** Writes models with iptables-restore; what it does not name stays untouched. */
export class IptablesBackend implements Backend {
  readonly mode = 'iptables'
  readonly #run: Run
  readonly #sysctls: Sysctls
  readonly #log: Logger
  #written: Ruleset | undefined
  /** Kernel settings as they were before us. */
  #before: Settings | undefined

  constructor({ run, sysctls, log }: { run: Run; sysctls: Sysctls; log: Logger }) {
    this.#run = run
    this.#sysctls = sysctls
    this.#log = log
  }

  invalidate(): void {
    this.#written = undefined
  }

  async sync(model: Model, signal: AbortSignal): Promise<SyncResult> {
    const wanted = iptablesRules(model)
    const full = this.#written === undefined
    const before = full ? await this.#prepare(model, signal) : undefined
    const known = this.#written
    this.#written = undefined
    let text = ''
    let written = 0
    for (const table of tables) {
      const change = changes(known, wanted)[table]
      const stale = before?.[table].chains.filter((name) => chain.isServiceChain(name) && !wanted[table].has(name))
      const jumps = before ? jumpLines(jumpsOf(model, table), before[table].rules) : []
      text += restoreText(table, { write: change.write, remove: stale ?? change.remove }, jumps)
      written += change.write.reduce((sum, [, rules]) => sum + rules.length, 0)
    }
    if (text) await this.#restore(text, signal)
    this.#written = wanted
    const total = tables.reduce((sum, table) => sum + [...wanted[table].values()].reduce((n, r) => n + r.length, 0), 0)
    return { full, total, written }
  }

  async intact(model: Model, signal: AbortSignal): Promise<boolean> {
    for (const table of tables) {
      const jumps = jumpsOf(model, table)
      const lists = [...new Set(jumps.map((jump) => jump.from))].map((from) =>
        this.#run('iptables', ['-w', '5', '-t', table, '-S', from], { signal }),
      )
      const rules = (await Promise.all(lists)).flatMap((list) => list.stdout.split('\n'))
      if (
        jumpLines(
          jumps,
          rules.filter((rule) => rule.startsWith('-A ')),
        ).length > 0
      )
        return false
    }
    return true
  }

  async cleanup(signal: AbortSignal): Promise<void> {
    let settings: Settings | undefined
    let text = ''
    for (const table of tables) {
      const saved = await this.#save(table, signal)
      if (table === 'filter') settings = settingsFound(saved)
      const remove = saved.chains.filter(isOurs)
      text += restoreText(table, { write: [], remove }, jumpRemovals(saved.rules, isOurs))
    }
    if (text) await this.#restore(text, signal)
    this.#written = undefined
    if (settings) await writeSettings(this.#sysctls, settings)
  }

  /**
   * Puts the kernel settings in place. The ones found are kept in a rule's comment, so that another process of ours can
   * restore them later.
   */
  async #prepare(model: Model, signal: AbortSignal): Promise<Record<Table, Saved>> {
    const [filter, nat, mangle] = await Promise.all([
      this.#save('filter', signal),
      this.#save('nat', signal),
      this.#save('mangle', signal),
    ])
    const saved = { filter, nat, mangle }
    const wanted: Settings = {
      'net.bridge.bridge-nf-call-iptables': '1',
      ...(model.config.localhostNodePorts ? { 'net.ipv4.conf.all.route_localnet': '1' } : {}),
    }
    this.#before ??= settingsFound(saved.filter)
    if (!this.#before) {
      const found: Record<string, string> = {}
      for (const name of Object.keys(wanted)) {
        const value = await this.#sysctls.read(name)
        if (value !== undefined) found[name] = value
      }
      this.#before = found
    }
    if (!settingsFound(saved.filter)) {
      const rule = `-m comment --comment "${settingsText(this.#before)}"`
      await this.#restore(restoreText('filter', { write: [[chain.canary, [rule]]], remove: [] }), signal)
    }
    for (const [name, value] of Object.entries(wanted)) {
      if ((await this.#sysctls.read(name)) === undefined) {
        // without the bridge module Pods of one bridge talk past the rules; it appears with the first bridge
        this.#log.warn({ setting: name }, 'kernel setting is not available')
      } else {
        await writeSettings(this.#sysctls, { [name]: value })
      }
    }
    return saved
  }

  async #save(table: Table, signal: AbortSignal): Promise<Saved> {
    const { stdout } = await this.#run('iptables-save', ['-t', table], { signal })
    const lines = stdout.split('\n')
    return {
      chains: lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1).split(' ')[0] ?? ''),
      rules: lines.filter((line) => line.startsWith('-A ')),
    }
  }

  async #restore(input: string, signal: AbortSignal): Promise<void> {
    await this.#run('iptables-restore', ['-w', '5', '--noflush', '--counters'], { input, signal, timeoutMs: 60_000 })
  }
}

function jumpsOf(model: Model, table: Table): ReturnType<typeof wantedJumps> {
  return wantedJumps(model.config).filter((jump) => jump.table === table)
}

function settingsFound(filter: Saved): Settings | undefined {
  const rule = filter.rules.find((line) => line.startsWith(`-A ${chain.canary} `))
  const comment = rule && /--comment "?([^"]*)"?$/.exec(rule)?.[1]
  return comment ? parseSettings(comment) : undefined
}

/** Whether MASQUERADE knows --random-fully (iptables 1.6.2 and newer). */
// pkg/util/iptables/iptables.go randomFullyMinVersion
export async function supportsRandomFully(run: Run, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await run('iptables', ['--version'], { signal })
  const [major = 0, minor = 0, patch = 0] = (/v(\d+)\.(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number)
  return major * 10_000 + minor * 100 + patch >= 10_602
}
