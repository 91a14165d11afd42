import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { secondsOf, shutdownGroups, shutdownPeriods, type ShutdownPeriod } from './plan.ts'

const critical = 2_000_000_000
const period = (priority: number, shutdownGracePeriodSeconds: number): ShutdownPeriod => ({
  priority,
  shutdownGracePeriodSeconds,
})
const pod = (priority?: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${priority ?? 'none'}` },
  spec: { containers: [], priority },
})

// nodeshutdown_manager_test.go Test_migrateConfig
describe('the periods of a shutdown', () => {
  it.each([
    ['for all, a part of it for critical Pods', 300, 120, [period(0, 180), period(critical, 120)]],
    ['for all but critical Pods', 100, 0, [period(0, 100), period(critical, 0)]],
    ['for critical Pods alone', 30, 30, [period(0, 0), period(critical, 30)]],
    ['none', 0, 0, []],
    ['less than for critical Pods', 1, 100, []],
    ['less than a second left', 30.9, 10, [period(0, 20), period(critical, 10)]],
  ])('are %s', (_, whole, ofIt, periods) => {
    const settings = { gracePeriodMs: whole * 1000, criticalPodsMs: ofIt * 1000, byPodPriority: [] }
    expect(shutdownPeriods(settings)).toEqual(periods)
  })

  it('are those of each priority, lowest first', () => {
    const byPodPriority = [period(1000, 10), period(-5, 60), period(0, 20)]
    const periods = shutdownPeriods({ gracePeriodMs: 0, criticalPodsMs: 0, byPodPriority })
    expect(periods).toEqual([period(-5, 60), period(0, 20), period(1000, 10)])
    expect(secondsOf(periods)).toBe(90)
  })
})

// nodeshutdown_manager_test.go Test_groupByPriority
describe('the groups of a shutdown', () => {
  const four = [period(1, 10), period(2, 20), period(3, 30), period(4, 40)]
  const two = [period(0, 180), period(critical, 120)]
  it.each<[string, ShutdownPeriod[], (number | undefined)[], Record<number, (number | undefined)[]>]>([
    ['critical and others', two, [0, 1e9, critical], { 0: [0, 1e9], [critical]: [critical] }],
    ['critical only', two, [critical + 1000], { [critical]: [critical + 1000] }],
    ['below the lowest, above the highest', four, [0, 1, 2, 3, 4, 5], { 1: [0, 1], 2: [2], 3: [3], 4: [4, 5] }],
    ['between two', [period(0, 1), period(10, 1)], [9, 10, 11, -1], { 0: [9, -1], 10: [10, 11] }],
    ['without a priority', two, [undefined], { 0: [undefined] }],
    ['nobody', two, [], {}],
    ['no period', [], [1], {}],
  ])('are %s', (_, periods, priorities, expected) => {
    const groups = shutdownGroups(periods, priorities.map(pod))
    const found = Object.fromEntries(
      groups.map((one) => [one.period.priority, one.pods.map(({ spec }) => spec.priority)]),
    )
    expect(found).toEqual(expected)
    expect(groups.map((one) => one.period)).toEqual(periods.filter(({ priority }) => priority in expected))
  })
})
