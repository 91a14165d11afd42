/** A Go struct field as written, embedded ones without a name. */
export interface GoField {
  name?: string
  type: string
  tags: Record<string, string>
  markers: string[]
}

export interface GoType {
  name: string
  markers: string[]
  fields?: GoField[]
  /** Right-hand side of a type that is no struct. */
  underlying?: string
}

export interface GoFile {
  imports: Map<string, string>
  types: GoType[]
  /** String constants with a declared type: type name → values in order. */
  constants: Map<string, string[]>
  /** Every string constant by its name, for `+default=ref(Name)`. */
  values: Map<string, string>
}

const fieldLine =
  /^\t(?:(\w+)\s+)?(\*?(?:\[\]|map\[[\w.]+\])*\*?(?:\[\])*[\w.]+(?:\{\})?)\s*(?:`([^`]*)`)?\s*(?:\/\/.*)?$/

/** Reads the declarations of one gofmt-formatted API file; anything but types and constants is skipped. */
export function parseGo(source: string): GoFile {
  const file: GoFile = { imports: new Map(), types: [], constants: new Map(), values: new Map() }
  let comments: string[] = []
  let open: GoType | undefined
  let inImports = false
  for (const line of source.replace(/\/\*[^]*?\*\//g, '').split('\n')) {
    const comment = /^\s*\/\/ ?(.*)$/.exec(line)
    if (comment) {
      comments.push((comment[1] ?? '').trim())
      continue
    }
    const markers = comments.filter((text) => text.startsWith('+')).map((text) => text.slice(1))
    if (inImports) {
      readImport(line, file.imports)
      if (line === ')') inImports = false
    } else if (open?.fields) {
      if (line === '}') open = undefined
      else readField(line, markers, open.fields)
    } else if (line === 'import (') inImports = true
    else if (line.startsWith('import ')) readImport(line.slice(7), file.imports)
    else open = readDeclaration(line, markers, file)
    // A blank line does not end a type's markers: gofmt keeps genclient lines apart from the doc comment.
    if (line.trim() !== '') comments = []
  }
  return file
}

function readImport(line: string, imports: Map<string, string>): void {
  const match = /^\s*(?:(\w+)\s+)?"([^"]+)"/.exec(line)
  if (match?.[2]) imports.set(match[1] ?? match[2].split('/').at(-1) ?? '', match[2])
}

function readField(line: string, markers: string[], fields: GoField[]): void {
  if (line.trim() === '') return
  const match = fieldLine.exec(line)
  if (!match?.[2]) throw new Error(`cannot read Go field: ${line}`)
  const tags: Record<string, string> = {}
  for (const tag of (match[3] ?? '').matchAll(/(\w+):"([^"]*)"/g)) tags[tag[1] ?? ''] = tag[2] ?? ''
  fields.push({ ...(match[1] ? { name: match[1] } : {}), type: match[2], tags, markers })
}

function readDeclaration(line: string, markers: string[], file: GoFile): GoType | undefined {
  const struct = /^type (\w+) struct \{(\})?$/.exec(line) ?? /^type (\w+) struct\{(\})$/.exec(line)
  if (struct?.[1]) {
    const type: GoType = { name: struct[1], markers, fields: [] }
    file.types.push(type)
    return struct[2] ? undefined : type
  }
  const named = /^type (\w+) (?:= )?(\S+)$/.exec(line)
  if (named?.[1] && named[2]) file.types.push({ name: named[1], markers, underlying: named[2] })
  const constant = /^(?:const |\t)(\w+)\s+(?:(\w+) )?\s*= "([^"]*)"/.exec(line)
  if (constant?.[1]) {
    const value = constant[3] ?? ''
    file.values.set(constant[1], value)
    if (constant[2]) file.constants.set(constant[2], [...(file.constants.get(constant[2]) ?? []), value])
  }
  return undefined
}
