// When a resource of the node counts as short: pure. pkg/kubelet/eviction/helpers.go, eviction/api/types.go
import { parseDuration } from '@kubets/shared/process/options.ts'
import { parseQuantity, quantityOf, type Quantity } from '@kubets/shared/machinery/quantity.ts'

export type Pressure = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'

interface SignalFacts {
  /** The condition that the node has while it is short of it. */
  condition: Pressure
  /** What is short then, as it is called in messages. */
  resource: 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'
}

/** What is watched. */
export const signals = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'allocatableMemory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'imagefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'nodefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'containerfs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'containerfs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'pid.available': { condition: 'PIDPressure', resource: 'pids' },
} as const satisfies Record<string, SignalFacts>

export type Signal = keyof typeof signals
export type StarvedResource = SignalFacts['resource']

/** An amount, or a share (0 to 1) of all there is. */
export type ThresholdValue = { quantity: Quantity } | { share: number }

export interface Threshold {
  signal: Signal
  /** Less than this is too little. */
  value: ThresholdValue
  /** For how long it may last; 0 for a hard threshold. */
  graceMs: number
  /** How much more than the value there has to be before it is enough again. */
  minReclaim: ThresholdValue | undefined
}

/** The hard thresholds when nothing is said of them. */
// pkg/kubelet/apis/config/v1beta1/defaults_linux.go DefaultEvictionHard
export const defaultEvictionHard: Readonly<Record<string, string>> = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
}

/** By signal, as the flags say it. */
export interface ThresholdTexts {
  hard: Readonly<Record<string, string>>
  soft: Readonly<Record<string, string>>
  softGracePeriod: Readonly<Record<string, string>>
  minimumReclaim: Readonly<Record<string, string>>
}

/** Reads pairs like "memory.available<1Gi". Throws with upstream's words when one is none. */
// component-base/cli/flag/langle_separated_map_string_string.go, map_string_string.go
export function readPairs(texts: readonly string[], separator: '<' | '='): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const at = text.indexOf(separator)
    if (at < 0) throw new Error(`malformed pair, expect string${separator}string`)
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  })
  return Object.fromEntries(pairs)
}

/** The thresholds that the flags ask for, and those that follow from them. Throws when they make no sense. */
// ParseThresholdConfig, addAllocatableThresholds
export function parseThresholds({ hard, soft, softGracePeriod, minimumReclaim }: ThresholdTexts): Threshold[] {
  const graces = new Map(entries(softGracePeriod).map(([signal, text]) => [signal, parseDuration(text)]))
  const reclaims = new Map(entries(minimumReclaim).map(([signal, text]) => [signal, parseReclaim(signal, text)]))
  const read = (texts: Readonly<Record<string, string>>, graceMs: (signal: Signal) => number): Threshold[] =>
    entries(texts).flatMap(([signal, text]) => {
      const value = parseValue(signal, text)
      return value ? [{ signal, value, graceMs: graceMs(signal), minReclaim: reclaims.get(signal) }] : []
    })
  const all = [
    ...read(hard, () => 0),
    ...read(soft, (signal) => {
      const grace = graces.get(signal)
      if (grace === undefined)
        throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`)
      return grace
    }),
  ]
  // Docker has its containers where it has its images: what is said of a place for them alone is ignored
  const known = all.filter(({ signal }) => !signal.startsWith('containerfs.'))
  const ofPods = known.filter(({ signal, graceMs }) => signal === 'memory.available' && graceMs === 0)
  return [...known, ...ofPods.map((one): Threshold => ({ ...one, signal: 'allocatableMemory.available' }))]
}

function entries(texts: Readonly<Record<string, string>>): [Signal, string][] {
  return Object.entries(texts).map(([signal, text]) => {
    if (!Object.hasOwn(signals, signal)) throw new Error(`unsupported eviction signal ${signal}`)
    return [signal as Signal, text]
  })
}

// parseThresholdStatement; undefined for what can never be met, or always is
function parseValue(signal: Signal, text: string): ThresholdValue | undefined {
  if (text.endsWith('%')) {
    if (text === '0%' || text === '100%') return undefined
    const share = parseShare(text)
    if (share < 0) throw new Error(`eviction percentage threshold ${signal} must be >= 0%: ${text}`)
    if (share > 1) throw new Error(`eviction percentage threshold ${signal} must be <= 100%: ${text}`)
    return { share }
  }
  const quantity = parseQuantity(text)
  if (quantity.sign <= 0) throw new Error(`eviction threshold ${signal} must be positive: ${quantity}`)
  return { quantity }
}

// parseMinimumReclaims
function parseReclaim(signal: Signal, text: string): ThresholdValue {
  if (text.endsWith('%')) {
    const share = parseShare(text)
    if (share <= 0) throw new Error(`eviction percentage minimum reclaim ${signal} must be positive: ${text}`)
    return { share }
  }
  const quantity = parseQuantity(text)
  if (quantity.sign < 0) throw new Error(`negative eviction minimum reclaim specified for ${signal}`)
  return { quantity }
}

// parsePercentage: upstream counts in single precision, which shows in what its messages say
function parseShare(text: string): number {
  const digits = text.replace(/%+$/, '')
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(digits))
    throw new Error(`strconv.ParseFloat: parsing "${digits}": invalid syntax`)
  return Math.fround(Math.fround(Number(digits)) / 100)
}

/** The amount that a value means where there is so much. api/types.go GetThresholdQuantity */
export function amountOf(value: ThresholdValue, capacity: number): Quantity {
  return 'quantity' in value ? value.quantity : quantityOf(Math.floor(capacity * value.share), 'BinarySI')
}

/** What hard thresholds keep from Pods. pkg/kubelet/cm/helpers.go hardEvictionReservation */
export function evictionReservation(
  thresholds: readonly Threshold[],
  capacity: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = { 'memory.available': 'memory', 'nodefs.available': 'ephemeral-storage' } as const
  return Object.fromEntries(
    thresholds.flatMap(({ signal, value, graceMs }) => {
      const resource = graceMs === 0 && Object.hasOwn(kept, signal) ? kept[signal as keyof typeof kept] : undefined
      if (resource === undefined) return []
      return [[resource, amountOf(value, parseQuantity(capacity[resource] ?? '0').value()).toString()]]
    }),
  )
}
