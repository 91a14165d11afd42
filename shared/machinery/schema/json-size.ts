import { requestEntityTooLarge } from '../errors.ts'
import type { Steps } from '../slices.ts'
import { depthLimit, JsonSyntaxError } from './json-scanner.ts'

/**
 * What one text may hold. Objects with more do not fit into etcd together with who owns their fields; and what has to be
 * done for one object (decoding, validation, owners) then holds nobody else up for long.
 */
export const sizeLimits = { keysOfAnObject: 40_000, objectsAndLists: 100_000, values: 400_000 } as const

export const tooMany = (limit: keyof typeof sizeLimits): Error =>
  requestEntityTooLarge(`limit is ${String(sizeLimits[limit])} ${words[limit]}`)

const words = {
  keysOfAnObject: 'keys of one object',
  objectsAndLists: 'objects and lists',
  values: 'values',
} satisfies Record<keyof typeof sizeLimits, string>

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
/** Characters that mean something, between two looks at the time. */
const stepLength = 20_000

/**
 * Walks the text without making anything of it. Throws JsonSyntaxError for text nested deeper than 1000 levels, whatever
 * else is wrong with it, and a StatusError (413) when it holds more than the limits.
 */
export function* checkingSize(text: string): Steps<void> {
  let depth = 0
  let opened = 0
  let commas = 0
  /** Commas so far in each of the objects and lists that are open. */
  const within: number[] = [0]
  let toStep = stepLength
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === quote) {
      const end = endOfString(text, at)
      if (end < 0) return
      at = end
      // "{" and "[", "}" and "]"
    } else if (char === 0x7b || char === 0x5b) {
      if (++depth > depthLimit) throw new JsonSyntaxError('exceeded max depth', at)
      if (++opened > sizeLimits.objectsAndLists) throw tooMany('objectsAndLists')
      within[depth] = char === 0x7b ? 0 : -Infinity
    } else if (char === 0x7d || char === 0x5d) depth = Math.max(0, depth - 1)
    else if (char === comma) {
      if (++commas > sizeLimits.values) throw tooMany('values')
      const own = (within[depth] ?? 0) + 1
      within[depth] = own
      if (own >= sizeLimits.keysOfAnObject) throw tooMany('keysOfAnObject')
    } else continue
    if (--toStep > 0) continue
    toStep = stepLength
    yield
  }
}

/** Where the string that starts here ends; -1: nowhere. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++
  return slashes % 2 === 1
}
