import { isIPv4, isIPv6 } from 'node:net'
import { quote } from '../../quote.ts'
import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { type CelType, opaqueType } from '../types.ts'
import { OpaqueValue } from '../values.ts'

/** An address as its bits. */
class Ip extends OpaqueValue {
  override readonly type: CelType = opaqueType('net.IP')
  readonly bits: bigint
  readonly family: 4 | 6
  override readonly costSize: number

  constructor(bits: bigint, family: 4 | 6) {
    super()
    this.bits = bits
    this.family = family
    this.costSize = family === 4 ? 4 : 16
  }

  override equals(other: OpaqueValue): boolean {
    return other instanceof Ip && other.family === this.family && other.bits === this.bits
  }

  get width(): number {
    return this.family === 4 ? 32 : 128
  }

  /** The leading bits, the rest as zeros. */
  masked(length: number): Ip {
    const rest = BigInt(this.width - length)
    return new Ip((this.bits >> rest) << rest, this.family)
  }

  starts(prefix: bigint, length: number): boolean {
    return this.bits >> BigInt(this.width - length) === prefix
  }

  override toString(): string {
    if (this.family === 4) return [24n, 16n, 8n, 0n].map((by) => (this.bits >> by) & 0xffn).join('.')
    const groups = Array.from({ length: 8 }, (_, i) => Number((this.bits >> BigInt(112 - 16 * i)) & 0xffffn))
    return compress(groups)
  }
}

/** RFC 5952: the longest run of zeros, of two at least and the first of equals, becomes `::`. */
function compress(groups: readonly number[]): string {
  let best = { at: -1, length: 1 }
  for (let at = 0; at < groups.length; at++) {
    let length = 0
    while (at + length < groups.length && groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (best.at < 0) return hex(groups)
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`
}

function parseBits(text: string): { bits: bigint; family: 4 | 6 } | undefined {
  if (isIPv4(text)) return { bits: fold(text.split('.').map(Number), 8n), family: 4 }
  if (text.includes('%') || !isIPv6(text)) return undefined
  // an IPv4 address may be written at the end
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const v4 = tail === null ? undefined : fold((tail[2] ?? '').split('.').map(Number), 8n)
  const whole =
    tail === null ? text : `${tail[1] ?? ''}${((v4 ?? 0n) >> 16n).toString(16)}:${((v4 ?? 0n) & 0xffffn).toString(16)}`
  const [head = '', rest] = whole.split('::')
  const groupsOf = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)))
  const left = groupsOf(head)
  const right = rest === undefined ? [] : groupsOf(rest)
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0)
  return { bits: fold([...left, ...zeros, ...right], 16n), family: 6 }
}

const fold = (parts: readonly number[], width: bigint): bigint =>
  parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n)

const isMapped = ({ bits, family }: { bits: bigint; family: 4 | 6 }): boolean => family === 6 && bits >> 32n === 0xffffn

// apiserver/pkg/cel/library/ip.go parseIPAddr
function parseIp(text: string): Ip {
  const shown = quote(text.slice(0, 100))
  if (/^[0-9a-fA-F:.]+%/.test(text)) throw new EvalError(`IP address ${shown} with zone value is not allowed`)
  const found = text.length > 100 ? undefined : parseBits(text)
  if (found === undefined) {
    throw new EvalError(
      `IP Address ${shown} parse error during conversion from string: ParseAddr(${shown}): unable to parse IP`,
    )
  }
  if (isMapped(found)) throw new EvalError(`IPv4-mapped IPv6 address ${shown} is not allowed`)
  return new Ip(found.bits, found.family)
}

class Cidr extends OpaqueValue {
  override readonly type: CelType = opaqueType('net.CIDR')
  readonly ip: Ip
  readonly length: number
  override readonly costSize: number

  constructor(ip: Ip, length: number) {
    super()
    this.ip = ip
    this.length = length
    this.costSize = Math.ceil(length / 8)
  }

  override equals(other: OpaqueValue): boolean {
    return other instanceof Cidr && other.length === this.length && other.ip.equals(this.ip)
  }

  contains(ip: Ip): boolean {
    return ip.family === this.ip.family && ip.masked(this.length).bits === this.ip.masked(this.length).bits
  }

  containsCidr(other: Cidr): boolean {
    return other.length >= this.length && this.contains(other.ip)
  }

  override toString(): string {
    return `${this.ip.toString()}/${this.length}`
  }
}

// apiserver/pkg/cel/library/cidr.go parseCIDR
function parseCidr(text: string): Cidr {
  const shown = quote(text.slice(0, 100))
  const refuse = (): EvalError =>
    new EvalError(`CIDR ${shown} parse error during conversion from string: netip.ParsePrefix(${shown}): no '/'`)
  const match = /^([^/]{1,100})\/(0|[1-9]\d{0,2})$/.exec(text)
  const found = match === null ? undefined : parseBits(match[1] ?? '')
  const length = Number(match?.[2])
  if (found === undefined || length > (found.family === 4 ? 32 : 128)) throw refuse()
  if (isMapped(found)) throw new EvalError(`IPv4-mapped IPv6 address ${shown} is not allowed`)
  return new Cidr(new Ip(found.bits, found.family), length)
}

function holds(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

const test = (name: string, id: string, check: (ip: Ip) => boolean): Overload =>
  overload(name, id, 'net.IP.() bool', (args) => check(args.get<Ip>(0)))

const v4 = (ip: Ip): boolean => ip.family === 4

/** apiserver/pkg/cel/library/ip.go and cidr.go. */
export const networkLibrary: readonly Overload[] = [
  overload('ip', 'string_to_ip', '(string) net.IP', (args) => parseIp(args.get<string>(0))),
  overload('isIP', 'is_ip', '(string) bool', (args) => holds(() => parseIp(args.get<string>(0)))),
  overload('ip.isCanonical', 'ip_is_canonical', '(string) bool', (args) => {
    return parseIp(args.get<string>(0)).toString() === args.get<string>(0)
  }),
  overload('string', 'ip_to_string', '(net.IP) string', (args) => args.get<Ip>(0).toString()),
  overload('family', 'family', 'net.IP.() int', (args) => BigInt(args.get<Ip>(0).family)),
  test('isUnspecified', 'is_unspecified', (ip) => ip.bits === 0n),
  test('isLoopback', 'is_loopback', (ip) => (v4(ip) ? ip.starts(127n, 8) : ip.bits === 1n)),
  test('isLinkLocalMulticast', 'is_link_local_multicast', (ip) =>
    v4(ip) ? ip.starts(0xe00000n, 24) : ip.starts(0xffn, 8) && ((ip.bits >> 112n) & 0xfn) === 2n,
  ),
  test('isLinkLocalUnicast', 'is_link_local_unicast', (ip) =>
    v4(ip) ? ip.starts(0xa9fen, 16) : ip.starts(0xfe80n >> 6n, 10),
  ),
  test('isGlobalUnicast', 'is_global_unicast', (ip) => {
    if (v4(ip)) {
      const special = ip.bits === 0n || ip.bits === 0xffffffffn || ip.starts(127n, 8) || ip.starts(0xen, 4)
      return !special && !ip.starts(0xa9fen, 16)
    }
    return ip.bits > 1n && !ip.starts(0xffn, 8) && !ip.starts(0xfe80n >> 6n, 10)
  }),
  overload('cidr', 'string_to_cidr', '(string) net.CIDR', (args) => parseCidr(args.get<string>(0))),
  overload('isCIDR', 'is_cidr', '(string) bool', (args) => holds(() => parseCidr(args.get<string>(0)))),
  overload('string', 'cidr_to_string', '(net.CIDR) string', (args) => args.get<Cidr>(0).toString()),
  overload('ip', 'cidr_ip', 'net.CIDR.() net.IP', (args) => args.get<Cidr>(0).ip),
  overload('prefixLength', 'cidr_prefix_length', 'net.CIDR.() int', (args) => BigInt(args.get<Cidr>(0).length)),
  overload('masked', 'cidr_masked', 'net.CIDR.() net.CIDR', (args) => {
    const { ip, length } = args.get<Cidr>(0)
    return new Cidr(ip.masked(length), length)
  }),
  overload('containsIP', 'cidr_contains_ip_string', 'net.CIDR.(string) bool', (args) =>
    args.get<Cidr>(0).contains(parseIp(args.get<string>(1))),
  ),
  overload('containsIP', 'cidr_contains_ip_ip', 'net.CIDR.(net.IP) bool', (args) =>
    args.get<Cidr>(0).contains(args.get<Ip>(1)),
  ),
  overload('containsCIDR', 'cidr_contains_cidr_string', 'net.CIDR.(string) bool', (args) =>
    args.get<Cidr>(0).containsCidr(parseCidr(args.get<string>(1))),
  ),
  overload('containsCIDR', 'cidr_contains_cidr', 'net.CIDR.(net.CIDR) bool', (args) =>
    args.get<Cidr>(0).containsCidr(args.get<Cidr>(1)),
  ),
]
