import { isIPv4 } from 'node:net'

function toNumber(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** Whether an IPv4 address lies in a range such as "10.0.0.0/8"; a bare address is a range of one. */
export function inCIDR(ip: string, cidr: string): boolean {
  const [base = '', length = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(length))
  return Math.floor(toNumber(ip) / size) === Math.floor(toNumber(base) / size)
}

/** The range with its host bits cleared, as the kernel prints it; undefined when it is not an IPv4 range. */
export function canonicalCIDR(cidr: string): string | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(cidr)
  const [, base = '', length = ''] = match ?? []
  if (!isIPv4(base) || Number(length) > 32) return undefined
  const size = 2 ** (32 - Number(length))
  const start = Math.floor(toNumber(base) / size) * size
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256)
  return `${parts.join('.')}/${Number(length)}`
}
