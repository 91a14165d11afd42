/**
 * The mark in a case's title that says which entries of upstream's conformance list it covers, by their `testname`.
 * ledger.ts finds it in the report of the test run; a name that is not in the list fails there.
 */
export function covers(...testnames: readonly string[]): string {
  return testnames.map((name) => ` {${name}}`).join('')
}
