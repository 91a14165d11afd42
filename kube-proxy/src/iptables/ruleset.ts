import type { Table } from './jumps.ts'

/** The rules of every chain that is ours, each rule without its leading "-A <chain>". */
export type Ruleset = Record<Table, Map<string, string[]>>

/** Rules by chain, kept in the order the chains were first named. */
export class RulesetBuilder {
  readonly ruleset: Ruleset = { filter: new Map(), nat: new Map(), mangle: new Map() }

  /** Makes sure that the chain exists, even without a rule. */
  chain(table: Table, chain: string): string[] {
    let rules = this.ruleset[table].get(chain)
    if (!rules) this.ruleset[table].set(chain, (rules = []))
    return rules
  }

  /** Appends one rule; parts that are empty are left out. */
  add(table: Table, chain: string, ...parts: readonly string[]): void {
    this.chain(table, chain).push(parts.filter(Boolean).join(' '))
  }
}

/** The chains to write and to delete so that the kernel comes from one ruleset to another. */
export interface TableChange {
  readonly write: readonly (readonly [chain: string, rules: readonly string[]])[]
  readonly remove: readonly string[]
}

/**
 * Compares what was last written with what is wanted now.
 * @param written what the kernel holds, undefined when unknown: everything is written then.
 */
export function changes(written: Ruleset | undefined, wanted: Ruleset): Record<Table, TableChange> {
  const compare = (table: Table): TableChange => {
    const before = written?.[table]
    return {
      write: [...wanted[table]].filter(([chain, rules]) => !sameRules(before?.get(chain), rules)),
      remove: before ? [...before.keys()].filter((chain) => !wanted[table].has(chain)) : [],
    }
  }
  return { filter: compare('filter'), nat: compare('nat'), mangle: compare('mangle') }
}

/**
 * One table's text for iptables-restore --noflush: naming a chain empties it, so the chains to write are named, filled,
 * and the dropped ones are named and deleted. '' when there is nothing to do.
 * @param jumps lines for the kernel's own chains; they go after our chains exist.
 */
export function restoreText(table: Table, change: TableChange, jumps: readonly string[] = []): string {
  if (change.write.length === 0 && change.remove.length === 0 && jumps.length === 0) return ''
  const lines = [`*${table}`]
  for (const [chain] of change.write) lines.push(`:${chain} - [0:0]`)
  for (const chain of change.remove) lines.push(`:${chain} - [0:0]`)
  for (const [chain, rules] of change.write) for (const rule of rules) lines.push(`-A ${chain} ${rule}`)
  lines.push(...jumps)
  for (const chain of change.remove) lines.push(`-X ${chain}`)
  lines.push('COMMIT', '')
  return lines.join('\n')
}

function sameRules(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((rule, i) => rule === b[i])
}
