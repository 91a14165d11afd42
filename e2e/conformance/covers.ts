/**
 * The mark in a case's title that says which entries of upstream's conformance list it covers: by their `testname`, or,
 * where several entries share one, by their `codename`. ledger.ts finds it in the report of the test run; a name that
 * is not in the list fails there.
 */
export function covers(...names: readonly string[]): string {
  return names.map((name) => ` {${name.replace(/[\\{}]/g, '\\$&')}}`).join('')
}

const mark = / ?\{((?:\\.|[^\\{}])*)\}/g

/** The names that covers() put into a title, and the title without them. */
export function marksIn(title: string): { names: string[]; rest: string } {
  const names = [...title.matchAll(mark)].map((found) => (found[1] ?? '').replace(/\\(.)/g, '$1'))
  return { names, rest: title.replace(mark, '').trim() }
}
