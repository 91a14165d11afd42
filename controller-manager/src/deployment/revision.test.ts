import { describe, expect, it } from 'vitest'
import type { Deployment } from '@kubets/shared/api/types/apps-v1.ts'
import { newSetAnnotations } from './revision.ts'

const revision = 'deployment.kubernetes.io/revision'
const history = 'deployment.kubernetes.io/revision-history'

const deployment = (annotations: Record<string, string>): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations },
  spec: { selector: {}, template: { spec: { containers: [] } } },
})

describe('newSetAnnotations', () => {
  it('copies the change cause and keeps its own', () => {
    const from = deployment({
      'kubernetes.io/change-cause': 'because',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      [revision]: '7',
    })
    expect(newSetAnnotations(from, undefined, 1)).toEqual({ 'kubernetes.io/change-cause': 'because', [revision]: '1' })
  })

  it('raises the revision of an old one and remembers what it was', () => {
    expect(newSetAnnotations(deployment({}), { [revision]: '1' }, 3)).toEqual({ [revision]: '3', [history]: '1' })
    expect(newSetAnnotations(deployment({}), { [revision]: '3', [history]: '1' }, 5)).toEqual({
      [revision]: '5',
      [history]: '1,3',
    })
  })

  it('never lowers it', () => {
    expect(newSetAnnotations(deployment({}), { [revision]: '4' }, 2)).toEqual({ [revision]: '4' })
  })

  it('forgets the oldest of a long history', () => {
    const long = Array.from({ length: 400 }, (_, index) => String(1000 + index)).join(',')
    const result = newSetAnnotations(deployment({}), { [revision]: '1400', [history]: long }, 1401)[history] ?? ''
    expect(result.length).toBeLessThanOrEqual(2000)
    expect(result.endsWith(',1400')).toBe(true)
  })
})
