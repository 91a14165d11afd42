import { isIP } from 'node:net'

export type IPFamily = 'IPv4' | 'IPv6'

/** An address as a number. */
export interface Address {
  family: IPFamily
  value: bigint
}

export interface Range {
  family: IPFamily
  /** As it was given: "10.96.0.0/12". */
  text: string
  /** The network address. */
  base: bigint
  /** How many addresses, with the network's own. */
  size: bigint
}

const bits = { IPv4: 32, IPv6: 128 } as const

/** undefined: not an IP address. */
export function parseAddress(text: string): Address | undefined {
  if (isIP(text) === 4) return { family: 'IPv4', value: parts(text.split('.'), 10, 8) }
  if (isIP(text) !== 6 || text.includes('%')) return undefined
  const [head = '', tail] = withoutDotted(text).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return { family: 'IPv6', value: parts([...left, ...zeros, ...right], 16, 16) }
}

function parts(digits: readonly string[], base: 10 | 16, width: number): bigint {
  return digits.reduce((value, digit) => (value << BigInt(width)) | BigInt(parseInt(digit, base)), 0n)
}

// "::ffff:10.0.0.1" has its last two groups written as IPv4
function withoutDotted(text: string): string {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const v4 = dotted && parseAddress(dotted[2] ?? '')?.value
  if (!dotted || v4 === undefined || v4 === null) return text
  return `${dotted[1] ?? ''}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`
}

/** The canonical text, as Go's netip prints it. */
export function formatAddress({ family, value }: Address): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => ((value >> shift) & 0xffn).toString()).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  const runs = [...groups.join(':').matchAll(/\b0(:0)+\b/g)].sort((a, b) => b[0].length - a[0].length)
  const longest = runs[0]?.[0]
  if (longest === undefined) return groups.join(':')
  const text = groups.join(':')
  const at = runs[0]?.index ?? 0
  const before = text.slice(0, at).replace(/:$/, '')
  const after = text.slice(at + longest.length).replace(/^:/, '')
  return `${before}::${after}`
}

/** Throws an Error for a text that is not a CIDR. */
export function parseRange(text: string): Range {
  const [address = '', length = ''] = text.split('/')
  const parsed = parseAddress(address)
  const prefix = /^\d+$/.test(length) ? Number(length) : NaN
  if (!parsed || !(prefix <= bits[parsed.family])) throw new Error(`invalid CIDR address: ${text}`)
  const host = BigInt(bits[parsed.family] - prefix)
  return { family: parsed.family, text, base: (parsed.value >> host) << host, size: 1n << host }
}

export function contains({ family, base, size }: Range, address: Address): boolean {
  // the network's own address and, for IPv4, the broadcast address are nobody's
  // pkg/registry/core/service/ipallocator/ipallocator.go NewIPAllocator
  const last = base + size - (family === 'IPv4' ? 2n : 1n)
  return address.family === family && address.value > base && address.value <= last
}
