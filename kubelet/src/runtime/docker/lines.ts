import type { Readable } from 'node:stream'

// a line of Docker's JSON streams is some hundred bytes; one without an end must not fill the memory
const longestLine = 1 << 20

/** The stream's lines without their ends; empty ones are left out. Destroys the stream when left or aborted. */
export async function* lines(stream: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<string> {
  const source = stream as Readable
  const onAbort = (): void => void source.destroy(signal.reason as Error)
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort, { once: true })
  let rest = ''
  try {
    source.setEncoding('utf8')
    for await (const chunk of source as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop() ?? ''
      if (rest.length > longestLine) throw new Error(`line longer than ${longestLine} characters`)
      for (const part of parts) if (part.trim() !== '') yield part
    }
    if (rest.trim() !== '') yield rest
  } finally {
    signal.removeEventListener('abort', onAbort)
    source.destroy()
  }
}
