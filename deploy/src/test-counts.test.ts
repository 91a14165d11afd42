import { describe, expect, it } from 'vitest'
import { add, counts, type Counts } from './test-counts.ts'

const report = {
  numPassedTests: 3,
  numFailedTests: 1,
  numPendingTests: 1,
  numTodoTests: 1,
  testResults: [
    {
      name: 'a.test.ts',
      status: 'failed',
      message: '',
      assertionResults: [
        { status: 'passed', fullName: 'adds', failureMessages: [] },
        { status: 'failed', fullName: 'takes away', failureMessages: ['expected 1 to be 2\n    at a.test.ts:3'] },
      ],
    },
    { name: 'b.test.ts', status: 'failed', message: 'Cannot find module\nmore', assertionResults: [] },
  ],
}

describe('counts', () => {
  it('names each failed case and each file that could not be read, with the first line of why', () => {
    expect(counts('unit', JSON.stringify(report), 1)).toEqual({
      passed: 3,
      failed: 1,
      skipped: 2,
      failures: ['unit: a.test.ts: takes away: expected 1 to be 2', 'unit: b.test.ts: Cannot find module'],
    })
  })

  it('takes a run without a report, or one that ended badly without a failed case, as a failure', () => {
    expect(counts('unit', undefined, 137)).toMatchObject({
      failed: 1,
      failures: ['unit: wrote no report, exit code 137'],
    })
    const fine = JSON.stringify({ ...report, numFailedTests: 0, testResults: [] })
    expect(counts('unit', fine, 0)).toMatchObject({ failed: 0, failures: [] })
    expect(counts('unit', fine, 1)).toMatchObject({ failed: 1, failures: ['unit: exit code 1 without a failed case'] })
  })

  it('adds up', () => {
    const total: Counts = { passed: 1, failed: 0, skipped: 0, failures: [] }
    add(total, counts('unit', JSON.stringify(report), 1))
    add(total, counts('component', undefined, 1))
    expect(total).toMatchObject({ passed: 4, failed: 2, skipped: 2 })
    expect(total.failures).toHaveLength(3)
  })
})
