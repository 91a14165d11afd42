import { Transform } from 'node:stream'

// Docker writes the nanoseconds of the timestamps in full, so that each has this many bytes, the space after it included
const headBytes = 31
const head = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z $/
// what Docker says twice is some kilobytes, the rest of a file
const remembered = 4096
const newline = 10

/**
 * Passes on the lines of a followed log that were not there before: when Docker turns the file of a log over, it may say
 * the last lines again. Takes lines with their timestamps, by which they are known, and takes these off unless they are
 * wanted. A line without one passes as it is.
 */
export function onceOnly(timestamps: boolean): Transform {
  const seen = new Set<string>()
  /** The beginning of a line whose timestamp is not whole yet; undefined within a line. */
  let begun: Buffer | undefined = Buffer.alloc(0)
  let dropping = false

  /** What passes of the beginning of a line. */
  const judge = (start: Buffer): Buffer => {
    const text = start.toString('latin1')
    if (!head.test(text)) {
      dropping = false
      return start
    }
    dropping = seen.has(text)
    if (dropping) return Buffer.alloc(0)
    seen.add(text)
    if (seen.size > remembered) for (const oldest of seen.values().take(1)) seen.delete(oldest)
    return timestamps ? start : Buffer.alloc(0)
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const out: Buffer[] = []
      let at = 0
      while (at < chunk.length) {
        const end = chunk.indexOf(newline, at)
        if (begun) {
          const wanted = headBytes - begun.length
          const until = end < 0 ? chunk.length : end + 1
          const part = chunk.subarray(at, Math.min(at + wanted, until))
          begun = Buffer.concat([begun, part])
          at += part.length
          const ended = begun.at(-1) === newline
          if (begun.length < headBytes && !ended) continue
          out.push(judge(begun))
          begun = ended ? Buffer.alloc(0) : undefined
          continue
        }
        const until = end < 0 ? chunk.length : end + 1
        if (!dropping) out.push(chunk.subarray(at, until))
        at = until
        if (end >= 0) begun = Buffer.alloc(0)
      }
      done(null, Buffer.concat(out))
    },
    flush(done) {
      done(null, begun)
    },
  })
}
