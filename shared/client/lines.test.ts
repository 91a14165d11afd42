import { describe, expect, it } from 'vitest'
import { LineDecoder } from './lines.ts'

describe('LineDecoder', () => {
  const text = '{"a":"ä€😀"}\n\n{"b":2}\r\n{"c":3}\n{"unfinished'
  const lines = ['{"a":"ä€😀"}', '{"b":2}\r', '{"c":3}']

  it.each([1, 2, 3, 5, 7, 1000])('joins chunks of %i bytes', (size) => {
    const bytes = Buffer.from(text)
    const decoder = new LineDecoder()
    const found: string[] = []
    for (let i = 0; i < bytes.length; i += size) found.push(...decoder.push(bytes.subarray(i, i + size)))
    expect(found).toEqual(lines)
  })

  it('takes time in proportion to the bytes of a long line', () => {
    const decoder = new LineDecoder()
    const chunk = Buffer.alloc(64, 'x')
    for (let i = 0; i < 200_000; i++) decoder.push(chunk)
    const [line] = decoder.push(Buffer.from('\n'))
    expect(line).toHaveLength(64 * 200_000)
  })

  it('refuses a line without end', () => {
    const decoder = new LineDecoder()
    const chunk = Buffer.alloc(16 * 1024 * 1024)
    for (let i = 0; i < 4; i++) decoder.push(chunk)
    expect(() => decoder.push(chunk)).toThrow('longer than')
  })
})
