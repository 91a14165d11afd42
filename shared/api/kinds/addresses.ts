import { BlockList, isIP } from 'node:net'
import { formatAddress, parseAddress } from '../../machinery/addresses.ts'
import { invalid, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'

// apimachinery/pkg/util/validation/ip.go IsValidIPForLegacyField, IsValidCIDRForLegacyField

const leadingZero = /(^|\.)0\d/

/** 4, 6 or 0 where the text is no address. */
export const ipFamily = isIP

/** Adds what is wrong with an IPv4 or IPv6 address. */
export function checkIP(value: string, path: FieldPath, errors: FieldError[]): boolean {
  if (isIP(value) !== 0 && !value.includes('%')) {
    if (!isMapped(value)) return true
    errors.push(invalid(path, value, 'must not be an IPv4-mapped IPv6 address'))
    return false
  }
  const detail = leadingZero.test(value)
    ? 'must not have leading 0s'
    : 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
  errors.push(invalid(path, value, detail))
  return false
}

// "::ffff:10.0.0.1": some software takes it for IPv4, some does not
function isMapped(value: string): boolean {
  const address = parseAddress(value)
  return address?.family === 'IPv6' && address.value >> 32n === 0xffffn
}

/** Adds what is wrong with a range in CIDR notation. */
export function checkCIDR(value: string, path: FieldPath, errors: FieldError[]): void {
  const [address = '', bits = '', ...rest] = value.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
    errors.push(invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'))
}

/** As checkCIDR, and the text must be the canonical one of the range: no bits of a host, no leading zeros. */
// apimachinery/pkg/util/validation/ip.go IsValidCIDR
export function checkStrictCIDR(value: string, path: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  checkCIDR(value, path, errors)
  if (errors.length > before) return
  const [address = '', bits = ''] = value.split('/')
  const host = addressBits(address).slice(Number(bits))
  if (bits !== `${Number(bits)}`) errors.push(invalid(path, value, 'must not have leading zeros in prefix length'))
  else if (/1/.test(host)) errors.push(invalid(path, value, 'must not have bits set beyond the prefix length'))
}

function addressBits(address: string): string {
  if (isIP(address) === 4)
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = tail === undefined ? left : [...left, ...zeros, ...right]
  return groups.map((part) => parseInt(part, 16).toString(2).padStart(16, '0')).join('')
}

const special = {
  loopback: list(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']),
  linkLocal: list(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']),
  linkLocalMulticast: list(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']),
}

function list(...subnets: [string, number, 'ipv4' | 'ipv6'][]): BlockList {
  const blocks = new BlockList()
  for (const [address, bits, type] of subnets) blocks.addSubnet(address, bits, type)
  return blocks
}

/** Refuses addresses that mean something else on each node. */
// pkg/apis/core/validation/validation.go ValidateNonSpecialIP
export function checkNonSpecialIP(value: string, path: FieldPath, errors: FieldError[]): void {
  const family = isIP(value)
  if (family === 0) {
    errors.push(invalid(path, value, 'must be a valid IP address'))
    return
  }
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (value === '0.0.0.0' || value === '::') errors.push(invalid(path, value, `may not be unspecified (${value})`))
  if (special.loopback.check(value, type))
    errors.push(invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  if (special.linkLocal.check(value, type))
    errors.push(invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  if (special.linkLocalMulticast.check(value, type))
    errors.push(invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
}

/** Adds what is wrong with an address and the size of its network, as interfaces have them. */
// apimachinery/pkg/util/validation/ip.go IsValidInterfaceAddress
export function checkInterfaceAddress(value: string, path: FieldPath, errors: FieldError[]): void {
  const [address = '', bits = '', ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    const detail = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'
    errors.push(invalid(path, value, detail))
    return
  }
  const parsed = parseAddress(address)
  const canonical = `${parsed ? formatAddress(parsed) : address}/${Number(bits)}`
  if (value !== canonical) errors.push(invalid(path, value, `must be in canonical form ("${canonical}")`))
}
