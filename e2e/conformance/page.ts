import type { Verdict } from './judge.ts'

/** Entries of the version served, and of them with a case, passed and failed. */
interface Count {
  readonly all: number
  readonly covered: number
  readonly passed: number
  readonly failed: number
}

function count(verdicts: readonly Verdict[]): Count {
  const passed = verdicts.filter((one) => one.result === 'passed').length
  const failed = verdicts.filter((one) => one.result === 'failed').length
  const all = verdicts.filter((one) => one.result !== 'not in this version').length
  return { all, covered: passed + failed, passed, failed }
}

/** The line that ends a test run. */
export function summary(verdicts: readonly Verdict[]): string {
  const { all, covered, passed, failed } = count(verdicts)
  return `conformance: ${String(covered)} of ${String(all)} entries have a case, ${String(passed)} passed, ${String(failed)} failed`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*')

const row = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map((text) => cell(String(text))).join(' | ')} |`

const heading = (...cells: readonly string[]): string[] => [row(...cells), row(...cells.map(() => '---'))]

/** The codename without its sig and its tags at the end: what tells entries of one testname apart. */
const behaviour = (codename: string): string => codename.replace(/^\[sig-[^\]]*\] /, '').replace(/( \[[^\]]*\])+$/, '')

/** The ledger as Markdown: counts first, then a table per sig; sorted, so that runs differ only where results do. */
export function page(source: string, verdicts: readonly Verdict[]): string {
  const shared = new Set(
    verdicts.map((one) => one.entry.testname).filter((testname, at, all) => all.indexOf(testname) !== at),
  )
  const name = ({ entry }: Verdict): string =>
    shared.has(entry.testname) ? `${entry.testname} (${behaviour(entry.codename)})` : entry.testname
  const sigs = [...new Set(verdicts.map((one) => one.entry.sig))].toSorted()
  const of = (sig: string): Verdict[] => verdicts.filter((one) => one.entry.sig === sig)
  const counts = (label: string, group: readonly Verdict[]): string => {
    const { all, covered, passed, failed } = count(group)
    return row(label, all, covered, passed, failed)
  }
  return [
    '# Conformance ledger',
    '',
    '<!-- Written by the test run (e2e/conformance/ledger.ts), never by hand. -->',
    '',
    `Every entry of upstream's conformance list (${source}), our case for it, and what came of it in the last run.`,
    '',
    ...heading('sig', 'entries', 'with a case', 'passed', 'failed'),
    ...sigs.map((sig) => counts(sig, of(sig))),
    counts('all', verdicts),
    ...sigs.flatMap((sig) => [
      '',
      `## ${sig}`,
      '',
      ...heading('entry', 'release', 'case', 'result'),
      ...of(sig)
        .toSorted((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0))
        .map((one) => row(name(one), one.entry.release, one.cases.join('; '), one.result)),
    ]),
    '',
  ].join('\n')
}
