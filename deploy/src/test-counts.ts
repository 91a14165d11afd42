/** What a stage of the test run counted, and a line for each failure: which case, and the first line of why. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
  readonly failures: string[]
}

/** The parts of vitest's JSON report that are read here. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/**
 * What a vitest project counted. `text` is its JSON report, undefined when it wrote none, which is one failure, as is
 * an exit code that is not 0 without a failed case.
 */
export function counts(project: string, text: string | undefined, code: number): Counts {
  if (text === undefined) {
    const failures = [`${project}: wrote no report, exit code ${String(code)}`]
    return { passed: 0, failed: 1, skipped: 0, failures }
  }
  const report = JSON.parse(text) as Report
  const counted: Counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.flatMap((file) => {
      const cases = file.assertionResults.filter(({ status }) => status === 'failed')
      if (cases.length === 0 && file.status === 'failed') return [line(project, file.name, '', file.message)]
      return cases.map((one) => line(project, file.name, one.fullName, one.failureMessages[0] ?? ''))
    }),
  }
  if (counted.failed === 0 && code !== 0) fail(counted, `${project}: exit code ${String(code)} without a failed case`)
  return counted
}

/** Adds what a stage counted to the whole. */
export function add(total: Counts, { passed, failed, skipped, failures }: Counts): void {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  total.failures.push(...failures)
}

/** Counts one failure. */
export function fail(total: Counts, failure: string): void {
  total.failed++
  total.failures.push(failure)
}

function line(project: string, file: string, name: string, message: string): string {
  const why = (message.split('\n')[0] ?? '').slice(0, 300)
  return [project, file, name, why].filter((part) => part !== '').join(': ')
}
