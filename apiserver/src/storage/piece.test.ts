import { expect, it } from 'vitest'
import { Piece } from './piece.ts'

it.each([
  [['{"a":', '"é"}\n'], 'b\r\n{"a":"é"}\n\r\n'],
  [['x'.repeat(300)], `12c\r\n${'x'.repeat(300)}\r\n`],
])('a piece is its parts, and a chunk around them', (parts, chunk) => {
  const piece = new Piece(...parts.map((part) => Buffer.from(part)))
  expect(piece.bytes.toString()).toBe(parts.join(''))
  expect(piece.chunk.toString()).toBe(chunk)
})
