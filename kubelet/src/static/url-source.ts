import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { longestManifest, type SourceOptions } from './file-source.ts'
import { NoPodError, staticPod, staticPods } from './manifest.ts'

const requestMs = 10_000
// after so many failures in a row they are not worth a line each
const toldFailures = 3

/** Asks a URL for a Pod or a list of Pods, again and again. What cannot be read changes nothing. */
// pkg/kubelet/config/http.go
export class UrlSource {
  readonly #url: string
  readonly #headers: Headers
  readonly #options: SourceOptions
  #text = ''
  #failures = 0

  constructor(url: string, headers: ReadonlyMap<string, readonly string[]>, options: SourceOptions) {
    this.#url = url
    this.#headers = new Headers()
    for (const [name, values] of headers) for (const value of values) this.#headers.append(name, value)
    this.#options = options
  }

  /** Ends with the signal. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, periodMs, log } = this.#options
    while (!signal.aborted) {
      try {
        await this.#ask(signal)
        if (this.#failures > 0) log.info({ url: this.#url }, 'Successfully read pods from URL')
        this.#failures = 0
      } catch (error) {
        if (signal.aborted) return
        const level = this.#failures++ <= toldFailures ? 'warn' : 'debug'
        log[level]({ url: this.#url, error: (error as Error).message }, 'Failed to read pods from URL')
      }
      await clock.sleep(periodMs, signal).catch(() => undefined)
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
    const response = await fetch(this.#url, { headers: this.#headers, signal: limit })
    const text = await bodyOf(response)
    if (response.status !== 200) throw new Error(`${this.#url}: ${response.status} ${response.statusText}`)
    if (text === '') {
      this.#options.found([])
      throw new Error(`zero-length data received from ${this.#url}`)
    }
    if (text === this.#text) return
    this.#text = text
    this.#options.found(this.#podsIn(text))
  }

  #podsIn(text: string): Pod[] {
    const origin = { kind: 'http', place: this.#url, nodeName: this.#options.nodeName } as const
    try {
      return [staticPod(text, origin)]
    } catch (single) {
      if (!(single instanceof NoPodError)) throw single
      try {
        return staticPods(text, origin)
      } catch (multiple) {
        if (!(multiple instanceof NoPodError)) throw multiple
        const received = text.slice(0, 1000)
        const why = `single (${single.message}) or multiple pods (${multiple.message})`
        throw new Error(`${this.#url}: received '${received}', but couldn't parse as ${why}`)
      }
    }
  }
}

async function bodyOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > longestManifest) throw new Error(`the answer has more than ${longestManifest} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
