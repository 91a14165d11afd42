import { PassThrough, type Readable } from 'node:stream'

/** Both outputs of a process as Docker carries them in one stream. */
export interface Outputs {
  stdout: PassThrough
  stderr: PassThrough
  /** Settles when the source has ended and everything was handed on; rejects when the source failed. */
  finished: Promise<void>
}

/**
 * Takes Docker's multiplexed stream apart (8 bytes of header: stream, 3 × 0, length; then the payload); a terminal's
 * stream is not multiplexed and is all stdout. Waits for readers: both outputs must be read or resumed.
 */
export function demultiplex(source: Readable, tty: boolean): Outputs {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const finished = pump(source, tty, stdout, stderr).then(
    () => {
      stdout.end()
      stderr.end()
    },
    (error: unknown) => {
      stdout.destroy()
      stderr.destroy()
      throw error
    },
  )
  finished.catch(() => undefined)
  return { stdout, stderr, finished }
}

async function pump(source: Readable, tty: boolean, stdout: PassThrough, stderr: PassThrough): Promise<void> {
  const header = Buffer.alloc(8)
  let inHeader = 0
  let target = stdout
  let left = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (tty) {
      await write(stdout, chunk)
      continue
    }
    let at = 0
    while (at < chunk.length) {
      if (left === 0) {
        const taken = Math.min(8 - inHeader, chunk.length - at)
        chunk.copy(header, inHeader, at, at + taken)
        inHeader += taken
        at += taken
        if (inHeader < 8) continue
        inHeader = 0
        target = header[0] === 2 ? stderr : stdout
        left = header.readUInt32BE(4)
        continue
      }
      const taken = Math.min(left, chunk.length - at)
      await write(target, chunk.subarray(at, at + taken))
      at += taken
      left -= taken
    }
  }
}

async function write(target: PassThrough, data: Buffer): Promise<void> {
  // a reader that gave up wants no more, but the other output may still be read
  if (target.destroyed) return
  if (target.write(data)) return
  await new Promise<void>((resolve) => {
    // neither may stay behind: there is one such wait for every few of what may be millions of chunks
    const goOn = (): void => {
      target.off('drain', goOn).off('close', goOn)
      resolve()
    }
    target.on('drain', goOn).on('close', goOn)
  })
}
