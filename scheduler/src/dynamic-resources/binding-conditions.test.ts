import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { describe, expect, it } from 'vitest'
import { isHopeless, isOverdue, isPrepared } from './binding-conditions.ts'

const device = { driver: 'd', pool: 'p', device: '0' }
const waiting = { bindingConditions: ['attached', 'warm'], bindingFailureConditions: ['lost'] }
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`

/** A claim that was allocated at second 10, whose device has these conditions. */
const claim = (conditions: Record<string, string> | undefined, needs: object = waiting): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: { name: 'c' },
  spec: { devices: { requests: [] } },
  status: {
    allocation: { devices: { results: [{ request: 'r', ...device, ...needs }] }, allocationTimestamp: at(10) },
    ...(conditions
      ? {
          devices: [
            {
              ...device,
              conditions: Object.entries(conditions).map(([type, status]) => ({
                type,
                status,
                reason: 'Said',
                message: 'so',
                lastTransitionTime: at(11),
              })),
            },
          ],
        }
      : {}),
  },
})
const outcome = (one: ResourceClaim): boolean | string => {
  try {
    return isPrepared(one)
  } catch (error) {
    return (error as Error).message
  }
}
const failed = 'claim c binding failed: reason=Said, message="so"'

// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources_test.go Test_isClaimReadyForBinding
describe('devices that are prepared before a Pod is bound', () => {
  it.each<[string, ResourceClaim, boolean | string]>([
    ['nothing to wait for', claim(undefined, {}), true],
    ['nothing said yet', claim(undefined), false],
    ['one of two', claim({ attached: 'True' }), false],
    ['one not true', claim({ attached: 'True', warm: 'False' }), false],
    ['both', claim({ attached: 'True', warm: 'True' }), true],
    ['failed', claim({ attached: 'True', warm: 'True', lost: 'True' }), failed],
    ['not failed', claim({ attached: 'True', warm: 'True', lost: 'False' }), true],
    ['nothing allocated', { ...claim(undefined), status: {} }, false],
  ])('%s', (_name, one, want) => expect(outcome(one)).toBe(want))

  const now = (second: number): number => Date.parse(at(second))
  it.each<[string, ResourceClaim, number, boolean, boolean]>([
    ['in time', claim({}), 15, false, false],
    ['too late', claim({}), 16, true, true],
    ['long since ready', claim({ attached: 'True', warm: 'True' }), 16, true, false],
    ['failed in time', claim({ lost: 'True' }), 11, false, true],
    ['nothing to wait for', claim(undefined, {}), 59, false, false],
  ])('%s', (_name, one, second, overdue, hopeless) => {
    expect(isOverdue(one, 5000, now(second))).toBe(overdue)
    expect(isHopeless(one, 5000, now(second))).toBe(hopeless)
  })
})
