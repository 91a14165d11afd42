import { readFileSync, writeFileSync } from 'node:fs'
import { judge, type Entry, type Report } from './judge.ts'
import { page, summary } from './page.ts'

/** The list as entries.json holds it: where it is from, and its entries in upstream's order. */
interface List {
  readonly source: string
  readonly entries: readonly Entry[]
}

function readReport(path: string): Report {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new Error(`no report at ${path}: run vitest with --reporter=json --outputFile=${path} first`)
  }
  try {
    const report = JSON.parse(text) as Partial<Report>
    if (Array.isArray(report.testResults)) return report as Report
  } catch {
    // Said below, the same as for JSON of another shape.
  }
  throw new Error(`${path} is not a JSON report of vitest`)
}

/** `node e2e/conformance/ledger.ts report.json …`: writes ledger.md from the reports and prints its counts. */
function main(paths: readonly string[]): void {
  if (paths.length === 0) throw new Error('usage: node e2e/conformance/ledger.ts report.json …')
  const list = JSON.parse(readFileSync(new URL('entries.json', import.meta.url), 'utf8')) as List
  const { verdicts, problems } = judge(list.entries, paths.map(readReport))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  writeFileSync(new URL('ledger.md', import.meta.url), page(list.source, verdicts))
  process.stdout.write(`${summary(verdicts)}\n`)
}

try {
  main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`conformance: ${(error as Error).message}\n`)
  process.exitCode = 1
}
