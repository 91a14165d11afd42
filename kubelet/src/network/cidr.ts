import net from 'node:net'

/** The first address of an IPv4 network, which its gateway has. Throws on anything else. */
export function gatewayOf(cidr: string): string {
  const [address = '', bits = ''] = cidr.split('/')
  const length = Number(bits)
  if (!net.isIPv4(address) || !/^\d+$/.test(bits) || length > 30) throw new Error(`not an IPv4 network: ${cidr}`)
  const parts = address.split('.').map(Number)
  const number = parts.reduce((sum, part) => sum * 256 + part, 0)
  const size = 2 ** (32 - length)
  const first = Math.floor(number / size) * size + 1
  return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')
}
