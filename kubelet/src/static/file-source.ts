import { watch, type FSWatcher } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { NoPodError, staticPod } from './manifest.ts'

/** What a source of static Pods needs. */
export interface SourceOptions {
  readonly nodeName: string
  /** How long after a look it looks again. */
  readonly periodMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Takes all Pods there are now. */
  readonly found: (pods: readonly Pod[]) => void
}

// pkg/kubelet/config/common.go maxConfigLength
export const longestManifest = 10 << 20

/**
 * Follows a manifest, or a folder of manifests: looks when something changes there, and again and again. Files that are no
 * Pod are reported and passed over; one that is being written keeps the Pod it was until the next regular look.
 */
// pkg/kubelet/config/file.go, file_linux.go
export class FileSource {
  readonly #place: string
  readonly #options: SourceOptions
  #pods = new Map<string, Pod>()
  #problems = new Map<string, string>()
  #watcher: FSWatcher | undefined
  #dirty = false
  #wake: () => void = () => undefined

  constructor(place: string, options: SourceOptions) {
    this.#place = path.resolve(place)
    this.#options = options
  }

  /** Ends with the signal. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, periodMs } = this.#options
    const over = (): void => this.#changed()
    signal.addEventListener('abort', over, { once: true })
    while (!signal.aborted) {
      await this.#watch()
      const regular = !this.#dirty
      this.#dirty = false
      await this.#look(regular)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      if (this.#dirty || signal.aborted) continue
      const cancel = clock.timer(periodMs, resolve)
      await promise
      cancel()
    }
    signal.removeEventListener('abort', over)
    this.#unwatch()
  }

  #changed(): void {
    this.#dirty = true
    this.#wake()
  }

  /** Watches what is there; what comes later is found by a regular look, and watched from then on. */
  async #watch(): Promise<void> {
    if (this.#watcher) return
    const at = await stat(this.#place).catch(() => undefined)
    if (!at) return
    // a file may be another one tomorrow, under its name
    const [folder, only] = at.isFile() ? [path.dirname(this.#place), path.basename(this.#place)] : [this.#place]
    try {
      const lost = (): void => this.#unwatch()
      this.#watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (only === undefined || name === only) this.#changed()
      }).on('error', lost)
    } catch {
      // gone this very moment: the look says so
    }
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  async #look(regular: boolean): Promise<void> {
    const before = this.#pods
    const problems = new Map<string, string>()
    const pods = new Map<string, Pod>()
    try {
      for (const file of await this.#files(problems)) {
        try {
          pods.set(file, await this.#read(file))
        } catch (error) {
          const old = before.get(file)
          if (!regular && old) pods.set(file, old)
          problems.set(file, (error as Error).message)
        }
      }
    } catch (error) {
      problems.set(this.#place, (error as Error).message)
      // nothing can be said of what is there
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return this.#tell(problems)
      problems.set(this.#place, 'path does not exist, ignoring')
      this.#unwatch()
    }
    this.#pods = pods
    this.#tell(problems)
    this.#options.found([...pods.values()])
  }

  /** Each problem once, until it is another. */
  #tell(problems: Map<string, string>): void {
    for (const [file, problem] of problems) {
      if (this.#problems.get(file) === problem) continue
      const text = file === this.#place ? 'Unable to read config path' : 'Could not process manifest file'
      this.#options.log.error({ path: file, error: problem }, text)
    }
    this.#problems = problems
  }

  async #files(problems: Map<string, string>): Promise<string[]> {
    const at = await stat(this.#place)
    if (at.isFile()) return [this.#place]
    if (!at.isDirectory()) throw new Error('path is not a directory or file')
    const names = (await readdir(this.#place)).filter((name) => !name.startsWith('.')).sort()
    const files: string[] = []
    for (const file of names.map((name) => path.join(this.#place, name))) {
      const one = await stat(file).catch((error: unknown) => (error as Error).message)
      if (typeof one === 'string') problems.set(file, one)
      else if (one.isDirectory()) problems.set(file, 'Provided manifest path is a directory, not recursing into it')
      else if (!one.isFile()) problems.set(file, 'Manifest path is not a directory or file')
      else files.push(file)
    }
    return files
  }

  async #read(file: string): Promise<Pod> {
    const { size } = await stat(file)
    if (size > longestManifest) throw new Error(`the file has more than ${longestManifest} bytes`)
    const text = await readFile(file, 'utf8')
    const origin = { kind: 'file', place: file, nodeName: this.#options.nodeName } as const
    try {
      return staticPod(text, origin)
    } catch (error) {
      if (!(error instanceof NoPodError)) throw error
      throw new Error(`${file}: couldn't parse as pod(${error.message}), please check config file`)
    }
  }
}
