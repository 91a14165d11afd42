import { isIP } from 'node:net'
import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain } from '../../machinery/names.ts'
import type { NameRule } from './kind.ts'

/** What is wrong with a name, none when fine; `prefix` is for generateName, to which letters will be added. */
// apimachinery/pkg/api/validation/generic.go ValidateNameFunc
type Check = (name: string, prefix: boolean) => string[]

const withPrefix =
  (check: (name: string) => string[]): Check =>
  (name, prefix) =>
    check(prefix ? maskTrailingDash(name) : name)

export const nameRules: Readonly<Record<NameRule, Check>> = {
  subdomain: withPrefix(isDNS1123Subdomain),
  label: withPrefix(isDNS1123Label),
  label1035: withPrefix(isDNS1035Label),
  pathSegment,
  ipAddress: (name) => (isIP(name) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : []),
  any: () => [],
}

// apimachinery/pkg/api/validation/generic.go maskTrailingDash
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

// apimachinery/pkg/api/validate/content IsPathSegmentName
function pathSegment(name: string, prefix: boolean): string[] {
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`]
  const errors: string[] = []
  for (const part of ['/', '%']) if (name.includes(part)) errors.push(`may not contain '${part}'`)
  return errors
}
