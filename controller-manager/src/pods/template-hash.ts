import type { PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { hashLabel } from '../deployment/names.ts'

// No vowels and no look-alikes, so that a hash spells nothing; apimachinery/pkg/util/rand SafeEncodeString.
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const parts = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)
  return `{${parts.join(',')}}`
}

// FNV-1a, 32 bits.
const fnv = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

const withoutHash = (template: PodTemplateSpec): PodTemplateSpec => {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** Names a template: equal for equal templates whatever the order of their fields; collisions move it on. */
export const templateHash = (template: PodTemplateSpec, collisionCount = 0): string => {
  const text = canonical(withoutHash(template)) + (collisionCount > 0 ? `#${collisionCount}` : '')
  return [...String(fnv(text))].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}

/** True when two templates differ in nothing but the hash label. */
// pkg/controller/deployment/util/deployment_util.go EqualIgnoreHash
export const sameTemplate = (a: PodTemplateSpec | undefined, b: PodTemplateSpec): boolean =>
  a !== undefined && deepEqual(withoutHash(a), withoutHash(b))
