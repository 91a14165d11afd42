import { describe, expect, it } from 'vitest'
import type { HPAScalingPolicy } from '@kubets/shared/api/types/autoscaling-v2.ts'
import { limit, limitByPolicies, noHistory, stabilize, stabilizeBothWays, withChange, withFirst } from './behavior.ts'
import type { History } from './behavior.ts'

const now = 1_000_000_000
const second = 1000

const recommended = (...all: readonly [replicas: number, secondsAgo: number][]): History => ({
  ...noHistory,
  recommendations: all.map(([replicas, ago]) => ({ replicas, at: now - ago * second })),
})
const pods = (value: number, periodSeconds = 60): HPAScalingPolicy => ({ type: 'Pods', value, periodSeconds })
const percent = (value: number, periodSeconds = 60): HPAScalingPolicy => ({ type: 'Percent', value, periodSeconds })

describe('bounds without behaviour', () => {
  it.each<[string, number, number, number, string]>([
    ['leave what is inside', 3, 5, 5, 'DesiredWithinRange'],
    ['keep to the minimum', 3, 0, 2, 'TooFewReplicas'],
    ['keep to the maximum', 60, 150, 100, 'TooManyReplicas'],
    ['double at most', 3, 9, 6, 'ScaleUpLimit'],
    ['let four be at once', 1, 9, 4, 'ScaleUpLimit'],
    ['name the maximum when it is no more than the double', 50, 101, 100, 'TooManyReplicas'],
  ])('%s', (_, current, desired, replicas, reason) => {
    expect(limit({ current, min: 2, max: 100 }, desired)).toMatchObject({ replicas, reason })
  })
})

describe('a recommendation', () => {
  it('is not less than those of the window', () => {
    const history = recommended([9, 301], [7, 300], [6, 10])
    const stable = stabilize(history, 3, 300 * second, now)
    expect(stable.replicas).toBe(7)
    expect(stable.history).toEqual(recommended([7, 300], [6, 10], [3, 0]))
  })

  it('may be more at once', () => {
    expect(stabilize(recommended([2, 10]), 5, 300 * second, now).replicas).toBe(5)
  })

  it('begins with the size that was found', () => {
    const first = withFirst(noHistory, 4, now)
    expect(first).toEqual(recommended([4, 0]))
    expect(withFirst(first, 9, now + 1)).toBe(first)
  })

  it.each<[string, [number, number][], number, number, number, number, string]>([
    ['follows at once without windows', [[9, 0.5]], 0, 5, 7, 7, 'ScaleUpStabilized'],
    ['goes up no further than the lowest of the window', [[6, 20]], 60, 5, 8, 6, 'ScaleUpStabilized'],
    ['stays when one of the window was no more', [[4, 20]], 60, 5, 8, 5, 'ScaleUpStabilized'],
    ['goes down no further than the highest of the window', [[4, 20]], 60, 5, 2, 4, 'ScaleDownStabilized'],
    ['stays when one of the window was no less', [[9, 20]], 60, 5, 2, 5, 'ScaleDownStabilized'],
    ['forgets what is older', [[9, 60]], 60, 5, 2, 2, 'ScaleDownStabilized'],
  ])('with behaviour %s', (_, past, window, current, desired, replicas, reason) => {
    const rules = { stabilizationWindowSeconds: window }
    const behavior = { scaleUp: rules, scaleDown: rules }
    const stable = stabilizeBothWays(recommended(...past), current, desired, behavior, now)
    expect(stable).toMatchObject({ replicas, reason })
  })
})

describe('policies', () => {
  type Case = [string, number, number, HPAScalingPolicy[], string | undefined, Partial<History>, number, string]
  const ups = (...all: [number, number][]): Partial<History> => ({
    ups: all.map(([replicas, ago]) => ({ replicas, at: now - ago * second })),
  })
  const downs = (...all: [number, number][]): Partial<History> => ({
    downs: all.map(([replicas, ago]) => ({ replicas, at: now - ago * second })),
  })
  it.each<Case>([
    ['let so many come', 10, 20, [pods(4)], 'Max', {}, 14, 'ScaleUpLimit'],
    ['let a share come, rounded up', 1, 20, [percent(10)], 'Max', {}, 2, 'ScaleUpLimit'],
    ['let the most come', 10, 100, [pods(4), percent(100)], 'Max', {}, 20, 'ScaleUpLimit'],
    ['let the least come', 10, 100, [pods(4), percent(100)], 'Min', {}, 14, 'ScaleUpLimit'],
    ['let none come', 10, 100, [pods(4)], 'Disabled', {}, 10, 'ScaleUpLimit'],
    ['count what came in the period', 12, 20, [pods(4)], 'Max', ups([2, 30]), 14, 'ScaleUpLimit'],
    ['count what came before the period no more', 12, 20, [pods(4)], 'Max', ups([2, 60]), 16, 'ScaleUpLimit'],
    ['count what went in the period', 12, 40, [percent(50)], 'Max', downs([8, 30]), 30, 'ScaleUpLimit'],
    ['never turn back', 20, 30, [pods(4)], 'Max', ups([9, 30]), 20, 'ScaleUpLimit'],
    ['let what is within be', 10, 12, [pods(4)], 'Max', {}, 12, 'DesiredWithinRange'],
    ['stop at the maximum', 98, 150, [pods(4)], 'Max', {}, 100, 'TooManyReplicas'],
    ['let so many go', 10, 3, [pods(2)], 'Max', {}, 8, 'ScaleDownLimit'],
    ['let a share go, rounded down to what stays', 7, 3, [percent(25)], 'Max', {}, 5, 'ScaleDownLimit'],
    ['let the most go', 40, 3, [pods(4), percent(50)], undefined, {}, 20, 'ScaleDownLimit'],
    ['let the least go', 40, 3, [pods(4), percent(50)], 'Min', {}, 36, 'ScaleDownLimit'],
    ['let none go', 10, 3, [pods(2)], 'Disabled', {}, 10, 'ScaleDownLimit'],
    ['count what went before', 8, 3, [pods(4)], 'Max', downs([2, 30]), 6, 'ScaleDownLimit'],
    ['stop at the minimum', 4, 1, [percent(100)], 'Max', {}, 2, 'TooFewReplicas'],
    ['have nothing to say about the size that is', 10, 10, [pods(1)], 'Max', {}, 10, 'DesiredWithinRange'],
  ])('%s', (_, current, desired, policies, selectPolicy, past, replicas, reason) => {
    const rules = { policies, selectPolicy }
    const behavior = { scaleUp: rules, scaleDown: rules }
    const bounds = { current, min: 2, max: 100 }
    const history = { ...noHistory, ...past }
    expect(limitByPolicies(bounds, desired, behavior, history, now)).toMatchObject({ replicas, reason })
  })

  it('ask for as many changes as the longest period needs, and no more', () => {
    const behavior = { scaleUp: { policies: [pods(1, 60), pods(1, 30)] }, scaleDown: { policies: [pods(1, 10)] } }
    const history = { ...noHistory, ...ups([1, 61], [2, 60]), ...downs([3, 11]) }
    expect(withChange(history, behavior, 5, 7, now)).toEqual({ ...history, ...ups([2, 60], [2, 0]) })
    expect(withChange(history, behavior, 5, 1, now)).toEqual({ ...history, ...downs([4, 0]) })
  })
})
