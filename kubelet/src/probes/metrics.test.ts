import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { pod } from '../pods/fixtures.ts'
import { probeMetrics } from './metrics.ts'

describe('probeMetrics', () => {
  it('count by result, and go with the container', async () => {
    const register = new Registry()
    const metrics = probeMetrics(register)
    const web = pod({ containers: [] })
    metrics.observe(web, 'a', 'readiness', 'Success', 0.02)
    metrics.observe(web, 'a', 'readiness', 'Success', 0.3)
    metrics.observe(web, 'a', 'readiness', 'Failure', 1)
    metrics.observe(web, 'b', 'startup', 'Unknown', 1)
    const total = async () => {
      const found = (await register.metrics()).split('\n').filter((line) => line.startsWith('prober_probe_total{'))
      return found.map((line) => line.slice('prober_probe_total'.length))
    }
    const of = 'pod="web",namespace="default"'
    const unknown = `{probe_type="Startup",container="b",${of},result="unknown",pod_uid="u1"} 1`
    expect(await total()).toEqual([
      `{probe_type="Readiness",container="a",${of},result="successful",pod_uid="u1"} 2`,
      `{probe_type="Readiness",container="a",${of},result="failed",pod_uid="u1"} 1`,
      unknown,
    ])
    expect(await register.metrics()).toContain(
      'prober_probe_duration_seconds_count{probe_type="Readiness",container="a",pod="web",namespace="default"} 3',
    )
    metrics.forget(web, 'a', 'readiness')
    expect(await total()).toEqual([unknown])
    expect(await register.metrics()).not.toContain('container="a"')
  })
})
