import type { Node } from '@kubets/shared/api/types/core-v1.ts'

/** An IPv4 range cut into equal node ranges. */
export interface CidrSpace {
  /** First address as a number. */
  base: number
  /** Bits of the whole range's mask. */
  bits: number
  /** Bits of one node's mask. */
  nodeBits: number
}

const toNumber = (address: string): number | undefined => {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

const toText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')

const parseCidr = (text: string): { base: number; bits: number } | undefined => {
  const [address = '', mask = ''] = text.split('/')
  const number = toNumber(address)
  const bits = /^\d{1,2}$/.test(mask) ? Number(mask) : NaN
  if (number === undefined || !(bits <= 32)) return undefined
  return { base: number - (number % 2 ** (32 - bits)), bits }
}

/** Reads --cluster-cidr and --node-cidr-mask-size. Throws with what is wrong. */
export const cidrSpace = (clusterCidr: string, nodeBits: number): CidrSpace => {
  const range = parseCidr(clusterCidr)
  if (!range) throw new Error(`--cluster-cidr: ${clusterCidr} is not an IPv4 range such as 10.244.0.0/16`)
  if (nodeBits < range.bits || nodeBits > 30)
    throw new Error(`--node-cidr-mask-size: ${nodeBits} must be between the mask of ${clusterCidr} and 30`)
  // pkg/controller/nodeipam/ipam/cidrset/cidr_set.go clusterSubnetMaxDiff
  if (nodeBits - range.bits > 16)
    throw new Error(`--node-cidr-mask-size: ${nodeBits} is too big for ${clusterCidr}: at most 16 bits apart`)
  return { ...range, nodeBits }
}

/** The slots of the space that a range touches. */
const slotsOf = (space: CidrSpace, cidr: string): [from: number, to: number] | undefined => {
  const range = parseCidr(cidr)
  if (!range) return undefined
  const size = 2 ** (32 - space.nodeBits)
  const count = 2 ** (space.nodeBits - space.bits)
  const from = Math.floor((range.base - space.base) / size)
  const to = Math.floor((range.base + 2 ** (32 - range.bits) - 1 - space.base) / size)
  return to < 0 || from >= count ? undefined : [Math.max(0, from), Math.min(count - 1, to)]
}

/**
 * The range for a node that has none: the first that no node holds and that was not handed out since the cache was
 * read. Undefined when the node has one or none is left.
 */
// pkg/controller/nodeipam/ipam/range_allocator.go AllocateOrOccupyCIDR
export const plan = (
  space: CidrSpace,
  nodes: readonly Node[],
  handedOut: Iterable<string>,
): { next: string | undefined } => {
  const taken = new Set<number>()
  const take = (cidr: string): void => {
    const slots = slotsOf(space, cidr)
    if (slots) for (let slot = slots[0]; slot <= slots[1]; slot++) taken.add(slot)
  }
  for (const node of nodes)
    for (const cidr of node.spec.podCIDRs ?? (node.spec.podCIDR ? [node.spec.podCIDR] : [])) take(cidr)
  for (const cidr of handedOut) take(cidr)
  for (let slot = 0; slot < 2 ** (space.nodeBits - space.bits); slot++)
    if (!taken.has(slot)) return { next: `${toText(space.base + slot * 2 ** (32 - space.nodeBits))}/${space.nodeBits}` }
  return { next: undefined }
}
