import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { onceOnly } from './once-only.ts'

const at = (n: number): string => `2026-01-01T00:00:00.${String(n).padStart(9, '0')}Z `
const through = (chunks: readonly string[], timestamps = false): Promise<string> =>
  text(Readable.from(chunks.map((one) => Buffer.from(one))).pipe(onceOnly(timestamps)))

describe('a followed log', () => {
  it.each([
    ['passes', [`${at(1)}a\n${at(2)}b\n`], 'a\nb\n'],
    ['has what is said again once', [`${at(1)}a\n${at(2)}b\n`, `${at(1)}a\n${at(2)}b\n${at(3)}c\n`], 'a\nb\nc\n'],
    ['has the same words again', [`${at(1)}a\n${at(2)}a\n`], 'a\na\n'],
    ['goes on when the clock goes back', [`${at(5)}a\n${at(1)}b\n`], 'a\nb\n'],
    ['has empty lines', [`${at(1)}\n${at(2)}\n`], '\n\n'],
    [
      'may lack timestamps',
      ['a\nand a line that is longer than any timestamp is\n\n'],
      'a\nand a line that is longer than any timestamp is\n\n',
    ],
    ['may end anywhere', [`${at(1)}a`], 'a'],
    ['may end in a timestamp', [`${at(1)}a\n${at(2).slice(0, 9)}`], `a\n${at(2).slice(0, 9)}`],
    [
      'has lines of many parts',
      [`${at(1)}${'x'.repeat(40)}`, 'y'.repeat(40), 'z\n'],
      `${'x'.repeat(40)}${'y'.repeat(40)}z\n`,
    ],
  ])('%s', async (_, chunks, said) => {
    expect(await through(chunks)).toBe(said)
    const all = chunks.join('')
    expect(await through(all.split(''))).toBe(said)
    expect(await through([all])).toBe(said)
  })

  it('keeps its timestamps when they are wanted', async () => {
    expect(await through([`${at(1)}a\n${at(1)}a\n${at(2)}b\n`], true)).toBe(`${at(1)}a\n${at(2)}b\n`)
  })
})
