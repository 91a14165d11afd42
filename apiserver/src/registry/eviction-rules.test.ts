import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@kubets/shared/api/types/policy-v1.ts'
import { describe, expect, it } from 'vitest'
import { needsNoBudget, spendBudget } from './eviction-rules.ts'

function pod(ready: boolean, status: Pod['status'] = {}): Pod {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [] },
    status: { ...status, conditions },
  }
}

function budget(
  status: Partial<PodDisruptionBudgetStatus>,
  spec: PodDisruptionBudget['spec'] = {},
): PodDisruptionBudget {
  const full = {
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
    observedGeneration: 3,
    ...status,
  }
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', generation: 3 },
    spec,
    status: full,
  }
}

it.each([
  ['Succeeded', true],
  ['Failed', true],
  ['Pending', true],
  ['Running', false],
])('a Pod that is %s needs no budget: %s', (phase, expected) => {
  expect(needsNoBudget(pod(true, { phase }))).toBe(expected)
})

describe('spendBudget', () => {
  it('counts the eviction', () => {
    expect(spendBudget(budget({}), pod(true), 0)?.status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { p: '1970-01-01T00:00:00Z' },
    })
  })

  it.each([
    ['nothing left', {}, { disruptionsAllowed: 0 }, 429],
    ['a budget that is not counted yet', {}, { observedGeneration: 2 }, 429],
    ['a broken one', {}, { disruptionsAllowed: -1 }, 403],
  ])('refuses with %s', (_name, spec, status, code) => {
    expect(() => spendBudget(budget(status, spec), pod(true), 0)).toThrow(expect.objectContaining({ code }) as Error)
  })

  it.each([
    ['enough are healthy without it', {}, { disruptionsAllowed: 0, currentHealthy: 1 }],
    [
      'the budget does not mind',
      { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      { disruptionsAllowed: 0, currentHealthy: 0 },
    ],
  ])('lets a Pod go that is not Ready when %s', (_name, spec, status) => {
    expect(spendBudget(budget(status, spec), pod(false), 0)).toBeUndefined()
  })
})
