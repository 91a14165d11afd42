/** What happened to an object, as its writer knows it or as a watcher saw it. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly name: string
  readonly uid: string
  /** Counts an object's writes from 1; a deletion has the last one's. */
  readonly seq: number
  /** Unknown (0) to who deleted it. */
  readonly rv: number
}

const text = ({ type, name, uid, seq }: Change): string => `${type} ${name} ${uid} ${String(seq)}`

/**
 * Proves that one watcher saw every change once and in order: of each object exactly the history its only writer tells,
 * and revisions that only grow, whatever the object.
 * @returns what is wrong, in words; nothing when all is well.
 */
export function problemsOfWatch(written: readonly Change[], seen: readonly Change[]): string[] {
  const problems = unordered(seen)
  const histories = byObject(seen)
  for (const [uid, wanted] of byObject(written)) {
    const got = histories.get(uid) ?? []
    histories.delete(uid)
    problems.push(...compared(wanted, got))
  }
  for (const strange of [...histories.values()].flat()) problems.push(`nobody wrote ${text(strange)}`)
  return problems
}

/**
 * An informer may skip what came while it was away, but never goes back, never tells the same twice, and ends where the
 * object ended.
 */
export function problemsOfInformer(written: readonly Change[], seen: readonly Change[]): string[] {
  const problems: string[] = []
  const histories = byObject(seen)
  for (const [uid, wanted] of byObject(written)) {
    const got = histories.get(uid) ?? []
    histories.delete(uid)
    const known = new Set(wanted.map(({ seq }) => seq))
    for (const [i, one] of got.entries()) {
      if (!known.has(one.seq)) problems.push(`nobody wrote ${text(one)}`)
      const before = got[i - 1]
      if (before === undefined) continue
      if (before.type === 'DELETED') problems.push(`after its end: ${text(one)}`)
      else if (one.seq < before.seq) problems.push(`went back: ${text(one)} after ${text(before)}`)
      else if (one.rv === before.rv && one.type === before.type) problems.push(`twice: ${text(one)}`)
    }
    const last = wanted.at(-1)
    const end = got.at(-1)
    if (last === undefined) continue
    const wasMissed = end === undefined && last.type === 'DELETED' // it came and went while the informer was away
    const agrees = last.type === 'DELETED' ? end?.type === 'DELETED' : end?.type !== 'DELETED' && end?.seq === last.seq
    if (!wasMissed && !agrees)
      problems.push(`ended with ${end === undefined ? 'nothing' : text(end)}, not ${text(last)}`)
  }
  for (const strange of [...histories.values()].flat()) problems.push(`nobody wrote ${text(strange)}`)
  return problems
}

/** When a candidate led: from when it was told so until it was told not to, or died (Infinity: it leads still). */
export interface Term {
  readonly who: string
  readonly from: number
  readonly to: number
}

/** Two candidates never lead at the same time. */
export function problemsOfLeading(terms: readonly Term[]): string[] {
  const sorted = terms.toSorted((a, b) => a.from - b.from)
  return sorted.flatMap((term, i) => {
    const before = sorted[i - 1]
    if (before === undefined || before.to <= term.from || before.who === term.who) return []
    return [`${term.who} led from ${String(term.from)} while ${before.who} did until ${String(before.to)}`]
  })
}

function unordered(seen: readonly Change[]): string[] {
  const problems: string[] = []
  for (const [i, one] of seen.entries()) {
    const before = seen[i - 1]
    if (before !== undefined && one.rv <= before.rv)
      problems.push(`out of order: ${text(one)} at ${String(one.rv)} after ${text(before)} at ${String(before.rv)}`)
  }
  return problems
}

function byObject(changes: readonly Change[]): Map<string, Change[]> {
  const found = new Map<string, Change[]>()
  for (const change of changes) {
    const list = found.get(change.uid)
    if (list) list.push(change)
    else found.set(change.uid, [change])
  }
  return found
}

/** The first difference of two histories of one object, told as what it most likely is. */
function compared(wanted: readonly Change[], got: readonly Change[]): string[] {
  const same = (a: Change | undefined, b: Change | undefined): boolean =>
    a !== undefined && b !== undefined && text(a) === text(b) && (a.rv === 0 || b.rv === 0 || a.rv === b.rv)
  for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
    const [due, came] = [wanted[i], got[i]]
    if (same(due, came)) continue
    if (came === undefined) return due === undefined ? [] : [`lost: ${text(due)}`]
    if (got.slice(0, i).some((one) => text(one) === text(came))) return [`twice: ${text(came)}`]
    if (due === undefined || !wanted.some((one) => same(one, came)))
      return [`nobody wrote ${text(came)} at ${String(came.rv)}`]
    return [
      got.slice(i).some((one) => same(due, one))
        ? `out of order: ${text(came)} before ${text(due)}`
        : `lost: ${text(due)}`,
    ]
  }
  return []
}
