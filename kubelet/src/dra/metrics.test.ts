import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { claimsInUse, draMetrics } from './metrics.ts'

const lines = async (register: Registry, name: string): Promise<string[]> =>
  (await register.metrics()).split('\n').filter((line) => line.startsWith(name))

describe('metrics of claimed devices', () => {
  it('have steps from a tenth of a second to forty', async () => {
    const register = new Registry()
    draMetrics(register).operated('PrepareResources', true, 1)
    const name = 'dra_operations_duration_seconds'
    const steps = (await lines(register, `${name}_bucket`)).map((line) => Number(/le="([^"]+)"/.exec(line)?.[1]))
    expect([steps.length, steps[0], steps[14]]).toEqual([16, 0.1, 40])
    expect(await lines(register, `${name}_count`)).toEqual([
      `${name}_count{operation_name="PrepareResources",is_error="true"} 1`,
    ])
  })

  it('count a claim once for each of its drivers, and once', async () => {
    const register = new Registry()
    const claims = [new Set(['a', 'b']), new Set(['a'])]
    claimsInUse(register, () => claims)
    const name = 'dra_resource_claims_in_use'
    expect(await lines(register, name)).toEqual([
      `${name}{driver_name="<any>"} 2`,
      `${name}{driver_name="a"} 2`,
      `${name}{driver_name="b"} 1`,
    ])
    claims.length = 0
    expect(await lines(register, name)).toEqual([`${name}{driver_name="<any>"} 0`])
  })
})
