import { Worker } from 'node:worker_threads'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { parsing, type Parsed } from '@kubets/shared/machinery/schema/json.ts'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { inSteps } from '@kubets/shared/machinery/slices.ts'

/** Longer text is read in a thread of its own: YAML takes up to 5 µs a character. */
const longText = 16 * 1024
/** What reading one text may take; the most that 3 MiB can hold needs more. */
const memoryMiB = 512

/** What the thread is given, and what it gives back: the value as JSON, which is read in a moment. */
export interface YamlTask {
  text: string
  findDuplicates: boolean
}
export type YamlResult = { json: string; problems: string[] } | { error: string }

// one at a time: each takes a core
let turn: Promise<unknown> = Promise.resolve()

/** As parseYaml, without holding anybody else up. Rejects as that throws, and with the signal's reason. */
export async function readYaml(
  text: string,
  findDuplicates: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<Parsed> {
  if (text.length <= longText) return parseYaml(text, findDuplicates)
  const mine = turn.then(() => inThread({ text, findDuplicates }, signal))
  turn = mine.catch(() => undefined)
  const result = await mine
  if ('error' in result) throw new Error(result.error)
  const { value } = await inSteps(parsing(result.json, false), clock)
  return { value, problems: result.problems }
}

function inThread(workerData: YamlTask, signal: AbortSignal): Promise<YamlResult> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('./yaml-thread.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
  })
  return new Promise<YamlResult>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    worker.on('message', resolve)
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') reject(error)
      else resolve({ error: 'yaml: document contains excessive data' })
    })
  }).finally(() => worker.terminate())
}
