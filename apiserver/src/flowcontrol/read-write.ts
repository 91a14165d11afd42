import { TimingHistogram } from './timing-histogram.ts'

type Phase = 'waiting' | 'executing'
type RequestKind = 'readOnly' | 'mutating'

interface Series {
  readonly labels: { readonly phase: Phase; readonly request_kind: RequestKind }
  readonly histogram: TimingHistogram
  count: number
}

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go readWriteConcurrencyGaugeVec
const bounds = [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]

const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/** How many requests read and write, over time, on the whole server. */
// staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go waitingMark, atomicReadOnlyExecuting
export class ReadWriteRequests {
  readonly #series: readonly Series[]
  #last: number | undefined

  constructor() {
    const kinds: readonly RequestKind[] = ['readOnly', 'mutating']
    const phases: readonly Phase[] = ['waiting', 'executing']
    this.#series = phases.flatMap((phase) =>
      kinds.map((kind) => ({
        labels: { phase, request_kind: kind },
        histogram: new TimingHistogram(bounds),
        count: 0,
      })),
    )
  }

  /** One more or less request with this verb; `now` in milliseconds. */
  change(phase: Phase, verb: string, delta: 1 | -1, now: number): void {
    this.#advance(now)
    const kind = reading.has(verb) ? 'readOnly' : 'mutating'
    const series = this.#series.find(({ labels }) => labels.phase === phase && labels.request_kind === kind)
    if (series !== undefined) series.count += delta
  }

  /** All of them, as of now. */
  series(now: number): readonly Series[] {
    this.#advance(now)
    return this.#series
  }

  #advance(now: number): void {
    // nothing is known of the time before the first look
    const seconds = Math.max(now - (this.#last ?? now), 0) / 1000
    this.#last = now
    if (seconds > 0) for (const { histogram, count } of this.#series) histogram.add(seconds, count)
  }
}
