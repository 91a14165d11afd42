import { isMap, isScalar, isSeq, LineCounter, parseDocument, type ParsedNode, type Tags } from 'yaml'
import type { Parsed } from './json.ts'

/** YAML 1.1 types that upstream's YAML does not turn into values of their own. */
const unwanted = new Set(['timestamp', 'binary', 'omap', 'pairs', 'set'])

/**
 * Parses one YAML document as upstream's sigs.k8s.io/yaml does: YAML 1.1 words for booleans, timestamps as text.
 * Throws an Error with a `yaml: line N: ...` message for malformed text or too many aliases.
 */
export function parseYaml(text: string, findDuplicates: boolean): Parsed {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    lineCounter: lines,
    customTags: (tags) => tags.filter(isWanted).map(withoutLetters),
  })
  const error = document.errors[0]
  if (error) {
    const line = error.linePos?.[0].line
    throw new Error(`yaml: ${line === undefined ? '' : `line ${line}: `}${error.message.split('\n')[0] ?? ''}`)
  }
  const problems: string[] = []
  if (findDuplicates) repeatedKeys(document.contents, lines, problems)
  return {
    value: jsonOf(document.toJS({ maxAliasCount: 100 })),
    problems: problems.length > 0 ? [`yaml: unmarshal errors:\n${problems.join('\n')}`] : [],
  }
}

type Tag = Tags[number]

function isWanted(tag: Tag): boolean {
  if (typeof tag === 'string') return !unwanted.has(tag)
  return tag.format !== 'TIME' && !unwanted.has(tag.tag.replace(/^tag:yaml.org,2002:/, ''))
}

/** The single letters y and n are text, not booleans. */
function withoutLetters(tag: Tag): Tag {
  if (typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:bool' || !('test' in tag) || !tag.test) return tag
  return { ...tag, test: new RegExp(`(?!^.$)${tag.test.source}`) }
}

/** JSON has no NaN or undefined, and its keys are strings. */
function jsonOf(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown)
}

// gopkg.in/yaml decode.go (d *decoder) mapping
function repeatedKeys(node: ParsedNode | null, lines: LineCounter, problems: string[]): void {
  if (isSeq(node)) for (const item of node.items) repeatedKeys(item as ParsedNode, lines, problems)
  if (!isMap(node)) return
  const seen = new Set<string>()
  for (const pair of node.items) {
    const key = pair.key as ParsedNode | null
    if (isScalar(key)) {
      const name = String(key.value)
      if (seen.has(name)) {
        problems.push(`  line ${lines.linePos(key.range[0]).line}: key ${JSON.stringify(name)} already set in map`)
      }
      seen.add(name)
    }
    repeatedKeys(pair.value as ParsedNode | null, lines, problems)
  }
}
