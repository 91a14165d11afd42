import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { describe, expect, it } from 'vitest'
import { HealthCheckServers, serviceHealth } from './health-checks.ts'
import { config, node, service, slice, tcp80, type EndpointCase } from './rules/cases.ts'
import { rules } from './rules/rules.ts'

const balanced = (endpoints: EndpointCase[]) =>
  rules(
    [
      service('svc1', {
        type: 'LoadBalancer',
        clusterIP: '172.30.0.1',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 32000,
        ports: [tcp80, { ...tcp80, name: 'p81', port: 81 }],
      }),
    ],
    [slice('svc1', endpoints), slice('svc1', endpoints, { name: 'p81', port: 81 })],
    node,
    config,
  )

describe('serviceHealth', () => {
  it('counts the ready endpoints of this node once, however many ports they have', () => {
    const model = balanced([
      { ip: '10.0.0.1', node: 'node-1' },
      { ip: '10.0.0.2', node: 'node-1' },
      { ip: '10.0.1.1', node: 'node-2' },
    ])
    expect(serviceHealth(model)).toEqual([{ namespace: 'ns1', name: 'svc1', port: 32000, localEndpoints: 2 }])
  })

  it('does not count endpoints that terminate', () => {
    const conditions = { ready: false, serving: true, terminating: true }
    expect(serviceHealth(balanced([{ ip: '10.0.0.1', node: 'node-1', conditions }]))[0]?.localEndpoints).toBe(0)
  })
})

describe('HealthCheckServers', () => {
  it('answers by the number of local endpoints and closes what is not asked for any more', async () => {
    const port = await freePort()
    const servers = new HealthCheckServers({ log: silentLogger, healthy: () => true })
    const health = { namespace: 'ns1', name: 'svc1', port, localEndpoints: 1 }
    const ask = () => fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
    servers.update([health])
    const answer = await waitFor(ask)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      service: { namespace: 'ns1', name: 'svc1' },
      localEndpoints: 1,
      serviceProxyHealthy: true,
    })
    servers.update([{ ...health, localEndpoints: 0 }])
    expect((await ask())?.status).toBe(503)
    servers.update([])
    await waitFor(async () => (await ask()) === undefined)
  })
})
