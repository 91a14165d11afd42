import type { CharSet } from './char-set.ts'
import { type Assertion, type Node, RegexpError } from './syntax.ts'

/** One instruction of the machine that matches; numbers are where to go on. */
export type Instruction =
  | { readonly op: 'set'; readonly set: CharSet; readonly next: number }
  /** Tries `next` first, then `other`. */
  | { readonly op: 'split'; next: number; other: number }
  | { readonly op: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly op: 'match' }

const maxInstructions = 20_000

/** The instructions for a tree; the first to run is the last of them. Throws RegexpError for one that is too large. */
export function compileProgram(pattern: string, tree: Node): { code: readonly Instruction[]; start: number } {
  const code: Instruction[] = [{ op: 'match' }]
  const add = (instruction: Instruction): number => {
    if (code.length >= maxInstructions) throw new RegexpError('expression too large', pattern)
    return code.push(instruction) - 1
  }
  /** Emits a node that goes on at `next`; gives where it begins. */
  const emit = (node: Node, next: number): number => {
    switch (node.kind) {
      case 'set':
        return add({ op: 'set', set: node.set, next })
      case 'assert':
        return add({ op: 'assert', what: node.what, next })
      case 'concat':
        return node.parts.reduceRight((after, part) => emit(part, after), next)
      case 'alternate': {
        const starts = node.parts.map((part) => emit(part, next))
        return starts.reduceRight((other, start) => add({ op: 'split', next: start, other }))
      }
      case 'repeat':
        return repeat(node, next)
    }
  }
  const choose = (first: number, other: number, lazy: boolean): number =>
    add(lazy ? { op: 'split', next: other, other: first } : { op: 'split', next: first, other })
  const repeat = (node: Node & { kind: 'repeat' }, next: number): number => {
    let after = next
    if (node.max === Infinity) {
      const loop = add({ op: 'split', next: -1, other: -1 })
      const body = emit(node.node, loop)
      Object.assign(code[loop] as object, node.lazy ? { next, other: body } : { next: body, other: next })
      after = loop
    } else {
      for (let i = node.min; i < node.max; i++) after = choose(emit(node.node, after), next, node.lazy)
    }
    for (let i = 0; i < node.min; i++) after = emit(node.node, after)
    return after
  }
  const start = emit(tree, 0)
  return { code, start }
}
