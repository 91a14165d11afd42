// Which images the kubelet has pulled, and who may have them, in files that upstream's kubelet reads, too.
// pkg/kubelet/images/pullmanager/image_pull_manager.go PullManager, fs_pullrecords.go
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { objectIn } from '@kubets/shared/machinery/schema/body.ts'
import { decodeValue } from '@kubets/shared/machinery/schema/decode.ts'
import { parseJson } from '@kubets/shared/machinery/schema/json.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'
import type { Image } from '../runtime/types.ts'
import { repositoryOf } from './keyring.ts'
import {
  matches,
  provedBy,
  recordSchemas,
  withProof,
  type ImagePullCredentials,
  type ImagePulledRecord,
  type TrackedAuth,
} from './pull-records.ts'
import type { Verification } from './verification.ts'

const group = 'kubelet.config.k8s.io'
const version = `${group}/v1beta1`
const readable = [version, `${group}/v1alpha1`]
const prefix = 'sha256-'

export interface PulledImagesOptions {
  rootDir: string
  verification: Verification
  clock: Clock
  log: Logger
}

/** Knows what was pulled. Its files are read and written one after the other. */
export class PulledImages {
  readonly #options: PulledImagesOptions
  readonly #pulling: string
  readonly #pulled: string
  /** How often each image is being pulled. */
  readonly #intents = new Map<string, number>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: PulledImagesOptions) {
    this.#options = options
    this.#pulling = path.join(options.rootDir, 'image_manager', 'pulling')
    this.#pulled = path.join(options.rootDir, 'image_manager', 'pulled')
  }

  /**
   * What was being pulled when the kubelet ended and is there now counts as pulled, by nobody knows whom. Rejects when there
   * can be no such files.
   */
  // initialize
  async open(images: () => Promise<readonly Image[]>): Promise<void> {
    const { log } = this.#options
    for (const folder of [this.#pulling, this.#pulled]) await mkdir(folder, { recursive: true, mode: 0o700 })
    const begun = new Set(
      (await this.#all<{ image?: string }>(this.#pulling, 'ImagePullIntent')).map((one) => one.image),
    )
    if (begun.size === 0) return
    const there = await images().catch((error: unknown) => {
      log.error({ error: (error as Error).message }, 'failed to list images')
      return []
    })
    for (const { id, repoDigests, repoTags } of there) {
      for (const image of [...repoDigests, ...repoTags].filter((name) => begun.has(name))) {
        try {
          await this.#prove(image, id, undefined)
          await rm(fileOf(this.#pulling, image), { force: true })
        } catch (error) {
          log.error({ imageRef: id, error: (error as Error).message }, 'failed to write an image pull record')
        }
      }
    }
  }

  /** An image is going to be pulled. Rejects when that cannot be written down: it must not be pulled then. */
  // RecordPullIntent
  async begins(image: string): Promise<void> {
    await this.#inTurn(async () => {
      await write(fileOf(this.#pulling, image), 'ImagePullIntent', { image }).catch((error: unknown) => {
        throw new Error(`failed to record image pull intent: ${(error as Error).message}`)
      })
      this.#intents.set(image, (this.#intents.get(image) ?? 0) + 1)
    })
  }

  /** It was pulled with these credentials. Where that cannot be written down, it stays known that it was to be pulled. */
  // RecordImagePulled
  async succeeded(image: string, imageRef: string, used: TrackedAuth | undefined): Promise<void> {
    const { log } = this.#options
    await this.#inTurn(async () => {
      await this.#prove(image, imageRef, provedBy(used))
      await this.#intentEnds(image)
    }).catch((error: unknown) => {
      log.error({ imageRef, error: (error as Error).message }, 'failed to write image pulled record')
    })
  }

  /** It could not be pulled. */
  // RecordImagePullFailed
  async failed(image: string): Promise<void> {
    await this.#inTurn(() => this.#intentEnds(image)).catch((error: unknown) => {
      this.#options.log.error({ image, error: (error as Error).message }, 'failed to remove image pull intent')
    })
  }

  /** Whether an image that is there has to be pulled all the same, so that the registry says whether the Pod may have it. */
  // MustAttemptImagePull
  async mustPull(image: string, imageRef: string, own: () => Promise<readonly TrackedAuth[]>): Promise<boolean> {
    const { verification, log } = this.#options
    let record: ImagePulledRecord | undefined
    let ours: boolean
    try {
      record = await this.#inTurn(() => this.#record(imageRef))
      ours = record !== undefined || (this.#intents.get(image) ?? 0) > 0 || (await this.#isIntended(image))
    } catch (error) {
      log.error({ image, error: (error as Error).message }, 'Unable to access cache records about image pulls')
      return true
    }
    if (!verification(image, ours)) return false
    const known = record?.credentialMapping?.[repositoryOf(image)]
    if (!known) return true
    if (known.nodePodsAccessible) return false
    const { matched, learnt } = matches(known, await own())
    if (learnt) {
      await this.#inTurn(() => this.#prove(image, imageRef, learnt)).catch((error: unknown) => {
        log.error({ image, imageRef, error: (error as Error).message }, 'failed to write an image pulled record')
      })
    }
    return !matched
  }

  /** Forgets images that are no more: all but these, unless they were pulled since. */
  // PruneUnknownRecords
  async forget(imageIds: ReadonlySet<string>, since: number): Promise<void> {
    const { log } = this.#options
    await this.#inTurn(async () => {
      for (const { imageRef, lastUpdatedTime } of await this.#all<ImagePulledRecord>(
        this.#pulled,
        'ImagePulledRecord',
      )) {
        if (imageIds.has(imageRef) || parseTime(lastUpdatedTime) >= since) continue
        await rm(fileOf(this.#pulled, imageRef), { force: true }).catch((error: unknown) => {
          log.error({ imageRef, error: (error as Error).message }, 'failed to remove an ImagePulledRecord')
        })
      }
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #prove(image: string, imageRef: string, proved: ImagePullCredentials | undefined): Promise<void> {
    const before = await this.#record(imageRef).catch((error: unknown) => {
      this.#options.log.info({ image, error: (error as Error).message }, 'failed to retrieve an ImagePulledRecord')
      return undefined
    })
    const after = withProof(before ?? { lastUpdatedTime: '', imageRef }, repositoryOf(image), proved)
    if (after === before) return
    const { credentialMapping } = after
    const lastUpdatedTime = formatTime(this.#options.clock.now())
    const record = { lastUpdatedTime, imageRef, ...(credentialMapping && { credentialMapping }) }
    await write(fileOf(this.#pulled, imageRef), 'ImagePulledRecord', record)
  }

  // decrementImagePullIntent
  async #intentEnds(image: string): Promise<void> {
    const left = (this.#intents.get(image) ?? 1) - 1
    if (left > 0) {
      this.#intents.set(image, left)
      return
    }
    await rm(fileOf(this.#pulling, image), { force: true })
    this.#intents.delete(image)
  }

  async #record(imageRef: string): Promise<ImagePulledRecord | undefined> {
    const record = await read<ImagePulledRecord>(fileOf(this.#pulled, imageRef), 'ImagePulledRecord')
    return record?.imageRef === imageRef ? record : undefined
  }

  async #isIntended(image: string): Promise<boolean> {
    return (await read<{ image?: string }>(fileOf(this.#pulling, image), 'ImagePullIntent'))?.image === image
  }

  async #all<T>(folder: string, kind: keyof typeof recordSchemas): Promise<T[]> {
    const names = await readdir(folder)
    const found: T[] = []
    for (const name of names.filter((one) => one.startsWith(prefix) && !one.endsWith('.tmp'))) {
      try {
        const one = await read<T>(path.join(folder, name), kind)
        if (one) found.push(one)
      } catch (error) {
        this.#options.log.error({ error: (error as Error).message }, `there were errors listing ${kind}s`)
      }
    }
    return found
  }
}

function fileOf(folder: string, key: string): string {
  return path.join(folder, prefix + createHash('sha256').update(key).digest('hex'))
}

/** undefined when there is no such file. Rejects when nobody understands it. */
async function read<T>(file: string, kind: keyof typeof recordSchemas): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    const { value, problems: found } = objectIn(parseJson(text, true))
    const { apiVersion, kind: said } = value as { apiVersion?: unknown; kind?: unknown }
    if (said !== kind || !readable.includes(String(apiVersion))) {
      throw new Error(`no kind ${JSON.stringify(said)} is registered for version ${JSON.stringify(apiVersion)}`)
    }
    const { object, problems } = decodeValue(recordSchemas[kind], value as object, 'Strict', found)
    if (problems.length > 0) throw new Error(`strict decoding error: ${problems.join(', ')}`)
    return object as T
  } catch (error) {
    const what = `failed to deserialize content of file ${JSON.stringify(file)} into ${kind}`
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
  }
}

async function write(file: string, kind: keyof typeof recordSchemas, content: object): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const text = `${JSON.stringify({ kind, apiVersion: version, ...content })}\n`
  await writeFile(`${file}.tmp`, text, { mode: 0o600 })
  await rename(`${file}.tmp`, file)
}
