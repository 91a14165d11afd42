/** One complaint about an expression; `offset` counts code points, -1 when it is about no place. */
export interface Issue {
  readonly offset: number
  readonly message: string
}

/** A place where the source cannot be read. */
export class SyntaxProblem extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

const maxReported = 100

// cel-go common/errors.go ToDisplayString
/** All issues as cel-go prints them: with the line they are in and a mark under the place. */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  // a source that is too long as a whole is not looked into
  const lines = issues.some(({ offset }) => offset >= 0) ? source.split('\n').map((line) => Array.from(line)) : []
  const sorted = issues.toSorted((a, b) => a.offset - b.offset)
  const shown = sorted.slice(0, maxReported).map((issue) => formatIssue(lines, issue))
  if (sorted.length > maxReported) shown.push(`${sorted.length - maxReported} more errors were truncated`)
  return shown.join('\n')
}

function formatIssue(lines: readonly string[][], { offset, message }: Issue): string {
  if (offset < 0) return `ERROR: <input>:-1:0: ${message}`
  let line = 0
  let column = offset
  while (line < lines.length - 1 && column > (lines[line]?.length ?? 0)) column -= (lines[line++]?.length ?? 0) + 1
  const characters = (lines[line] ?? []).map((c) => (c === '\t' ? ' ' : c))
  const isWide = (character: string | undefined): boolean => (character?.codePointAt(0) ?? 0) > 0x7f
  const dots = characters.slice(0, column).map((c) => (isWide(c) ? '．' : '.'))
  const mark = isWide(characters[column]) ? '＾' : '^'
  const head = `ERROR: <input>:${line + 1}:${column + 1}: ${message}`
  return `${head}\n | ${characters.join('')}\n | ${dots.join('')}${mark}`
}
