// Files of variables, as an init container writes them.

/** Longer lines are not read. */
const lineLimit = 64 * 1024

/**
 * What a file says of the key; empty when it says nothing. A line is NAME='value', where the value goes on over lines to
 * the next quote and is taken as it is, or empty, or a comment. Throws when a line before the key's end is something else.
 */
// pkg/kubelet/util/env/env_util.go ParseEnv
export function findInEnvFile(text: string, key: string): string {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  if (lines.at(-1) === '') lines.pop()
  const wrong = (line: number, why: string): Error =>
    new Error(`invalid environment variable format at line ${line + 1}: ${why}`)
  for (let at = 0; at < lines.length; at++) {
    const line = readable(lines[at]).replace(/^[ \t]+/, '')
    if (line === '' || line.startsWith('#')) continue
    const equals = line.indexOf('=')
    if (equals < 0) throw wrong(at, "missing '='")
    const name = line.slice(0, equals)
    if (/^[ \t]*$/.test(name)) throw wrong(at, 'empty variable name')
    if (/[ \t]$/.test(name)) throw wrong(at, "whitespace before '=' is not allowed")
    // as a shell takes it: the value is empty, what follows would be a command
    if (/^[ \t]/.test(line.slice(equals + 1))) {
      if (name === key) return ''
      continue
    }
    const begin = at
    let rest = line.slice(equals + 1)
    if (!rest.startsWith("'")) throw wrong(at, 'value must be enclosed in single quotes')
    rest = rest.slice(1)
    const parts: string[] = []
    let close = rest.indexOf("'")
    while (close < 0) {
      parts.push(rest)
      if (++at >= lines.length)
        throw new Error(`invalid environment variable format starting at line ${begin + 1}: unclosed single quote`)
      rest = readable(lines[at])
      close = rest.indexOf("'")
    }
    if (!/^[ \t]*(#|$)/.test(rest.slice(close + 1))) throw wrong(at, 'unexpected content after closing quote')
    if (name === key) return [...parts, rest.slice(0, close)].join('\n')
  }
  return ''
}

function readable(line = ''): string {
  if (Buffer.byteLength(line) >= lineLimit) throw new Error('bufio.Scanner: token too long')
  return line
}
