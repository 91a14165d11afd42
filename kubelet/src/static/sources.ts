import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Options } from '../options.ts'
import { FileSource } from './file-source.ts'
import { UrlSource } from './url-source.ts'

/** Where static Pods come from, when they run. */
export interface Sources {
  /** Follows all sources until the kubelet ends; never rejects. */
  run(): Promise<unknown>
  /** Resolves when each source has said once what it has, or when the kubelet ends. */
  seen: Promise<unknown>
}

/** The sources that the options name. `take` is told by each, under its name, of all Pods that it has. */
// pkg/kubelet/kubelet.go makePodSourceConfig
export function staticSources(
  options: Options,
  { clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal },
  take: (source: string, pods: readonly Pod[]) => void,
): Sources {
  const { nodeName, staticPodPath, staticPodUrl, staticPodUrlHeader, fileCheckMs, httpCheckMs } = options
  const seen: Promise<void>[] = []
  const optionsOf = (source: string, periodMs: number) => {
    const first = Promise.withResolvers<void>()
    seen.push(first.promise)
    signal.addEventListener('abort', () => first.resolve(), { once: true })
    const found = (pods: readonly Pod[]): void => {
      take(source, pods)
      first.resolve()
    }
    return { nodeName, periodMs, clock, log, found }
  }
  const sources = [
    ...(staticPodPath === undefined ? [] : [new FileSource(staticPodPath, optionsOf('file', fileCheckMs))]),
    ...(staticPodUrl === undefined
      ? []
      : [new UrlSource(staticPodUrl, staticPodUrlHeader, optionsOf('http', httpCheckMs))]),
  ]
  return { run: () => Promise.all(sources.map((one) => one.run(signal))), seen: Promise.all(seen) }
}
