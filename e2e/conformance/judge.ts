import { marksIn } from './covers.ts'

/** One entry of upstream's list, as entries.json holds it. */
export interface Entry {
  readonly testname: string
  readonly codename: string
  readonly release: string
  readonly sig: string
}

/** What vitest's JSON report says of one case. */
interface ReportedCase {
  readonly fullName: string
  readonly status: string
}

/** The part of vitest's JSON report that is read here. */
export interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly ReportedCase[] }[]
}

/** An entry with the cases that cover it and what came of them. */
export interface Verdict {
  readonly entry: Entry
  readonly cases: readonly string[]
  readonly result: 'passed' | 'failed' | 'no case yet' | 'not in this version'
}

/** The minor version of Kubernetes that is served: apiserver/src/http/version.ts. */
const servedMinor = 36

/** Whether the entry came to the list after the version served; `v1.9, v1.18` names the releases that changed it. */
const isLater = ({ release }: Entry): boolean => Number(/^v?1\.(\d+)/.exec(release)?.[1]) > servedMinor

/** How many entries a name could mean; the mark of a shared testname must be a codename. */
function find(entries: readonly Entry[], name: string): readonly Entry[] {
  const byCode = entries.filter((entry) => entry.codename === name)
  return byCode.length > 0 ? byCode : entries.filter((entry) => entry.testname === name)
}

/** Edits (insert, remove, replace a character) between two texts. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      )
    row = next
  }
  return row[b.length] ?? 0
}

/** The name in the list that is most like `name`. */
export function nearest(entries: readonly Entry[], name: string): string {
  let best = { name: '', edits: Infinity }
  for (const candidate of new Set(entries.flatMap((entry) => [entry.testname, entry.codename]))) {
    const edits = distance(name, candidate)
    if (edits < best.edits) best = { name: candidate, edits }
  }
  return best.name
}

function resultOf(entry: Entry, cases: readonly { passed: boolean }[]): Verdict['result'] {
  if (cases.length === 0) return isLater(entry) ? 'not in this version' : 'no case yet'
  return cases.every((one) => one.passed) ? 'passed' : 'failed'
}

/**
 * Puts every entry together with the cases that name it. An entry passes when all of its cases passed: a case that was
 * skipped did not. The list is upstream's newest: what joined it after the version served needs no case. The problems
 * are marks that do not name exactly one entry.
 */
export function judge(
  entries: readonly Entry[],
  reports: readonly Report[],
): { verdicts: Verdict[]; problems: string[] } {
  const covered = new Map<Entry, { title: string; passed: boolean }[]>()
  const problems: string[] = []
  for (const reported of reports.flatMap((report) => report.testResults.flatMap((file) => file.assertionResults))) {
    const { names, rest } = marksIn(reported.fullName)
    for (const name of names) {
      const [entry, other] = find(entries, name)
      if (entry === undefined)
        problems.push(`"${rest}" covers "${name}", which is not in the list; nearest: "${nearest(entries, name)}"`)
      else if (other !== undefined)
        problems.push(`"${rest}" covers "${name}", which several entries are called; name one by its codename`)
      else covered.set(entry, [...(covered.get(entry) ?? []), { title: rest, passed: reported.status === 'passed' }])
    }
  }
  const verdicts = entries.map((entry): Verdict => {
    const cases = covered.get(entry) ?? []
    return {
      entry,
      cases: [...new Set(cases.map((one) => one.title))].toSorted(),
      result: resultOf(entry, cases),
    }
  })
  return { verdicts, problems }
}
