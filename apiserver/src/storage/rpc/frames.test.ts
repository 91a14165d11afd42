import { describe, expect, it } from 'vitest'
import { framed, Frames } from './frames.ts'

const texts = ['a', '', 'b'.repeat(300), 'c']
const stream = Buffer.concat(texts.map((text) => framed(Buffer.from(text))))

describe('frames', () => {
  it.each([1, 2, 4, 5, 6, 7, 100, 305, 1000])('come out whole from pieces of %i bytes', (length) => {
    const frames = new Frames()
    const read: string[] = []
    for (let at = 0; at < stream.length; at += length) {
      read.push(...frames.add(stream.subarray(at, at + length)).map(String))
    }
    expect(read).toEqual(texts)
  })

  it('are refused when they are compressed', () => {
    expect(() => new Frames().add(Buffer.from([1, 0, 0, 0, 1, 65]))).toThrow('the message is compressed')
  })
})
