export interface FieldRequirement {
  field: string
  op: '=' | '!='
  value: string
}

/** Parses "metadata.name=web,status.phase!=Failed". Throws an Error with upstream's text. */
// apimachinery/pkg/fields/selector.go ParseSelector
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map((term): FieldRequirement => {
      const parts = splitTerm(term)
      if (parts === undefined) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`)
      const { left, op, right } = parts
      return { field: left, op: op === '!=' ? '!=' : '=', value: unescape(right) }
    })
    .sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0))
}

/** Splits at commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === ',') {
      terms.push(text.slice(start, i))
      start = i + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function splitTerm(term: string): { left: string; op: string; right: string } | undefined {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
  return match === null ? undefined : { left: match[1] ?? '', op: match[2] ?? '', right: match[3] ?? '' }
}

/** Undoes the escapes of backslash, comma and equals sign; anything else is refused. */
function unescape(value: string): string {
  let result = ''
  for (let i = 0; i < value.length; i++) {
    const c = value.charAt(i)
    if (c === ',' || c === '=')
      throw new Error(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`)
    if (c !== '\\') {
      result += c
      continue
    }
    const next = value.charAt(++i)
    if (next !== '\\' && next !== ',' && next !== '=') {
      throw new Error(`invalid field selector: invalid escape sequence: \\${next}`)
    }
    result += next
  }
  return result
}

/** The text a client sends for these requirements. */
export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements.map((r) => `${r.field}${r.op}${r.value.replace(/[\\,=]/g, '\\$&')}`).join(',')
}
