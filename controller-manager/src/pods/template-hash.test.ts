import { describe, expect, it } from 'vitest'
import type { PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { sameTemplate, templateHash } from './template-hash.ts'

const template = (image: string, labels: Record<string, string> = { app: 'web' }): PodTemplateSpec => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image }] },
})

describe('templateHash', () => {
  it('does not depend on the order of fields', () => {
    const turned: PodTemplateSpec = {
      spec: { containers: [{ image: 'a', name: 'c' }] },
      metadata: { labels: { app: 'web' } },
    }
    expect(templateHash(turned)).toBe(templateHash(template('a')))
  })

  it('differs by template and by collision', () => {
    const hashes = [templateHash(template('a')), templateHash(template('b')), templateHash(template('a'), 1)]
    expect(new Set(hashes).size).toBe(3)
    for (const hash of hashes) expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
  })

  it('ignores its own label', () => {
    const labelled = template('a', { app: 'web', 'pod-template-hash': 'xyz' })
    expect(templateHash(labelled)).toBe(templateHash(template('a')))
    expect(sameTemplate(labelled, template('a'))).toBe(true)
    expect(sameTemplate(labelled, template('b'))).toBe(false)
  })
})
