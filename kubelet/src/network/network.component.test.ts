import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { PodNetwork } from './network.ts'

const run = promisify(execFile)
const signal = new AbortController().signal
const prefix = 'kubets-test-net-'
const nodeName = `${prefix}${process.pid}`
const networkName = `kubets-${nodeName}`
// ranges that no cluster of this project has
const clusterCidr = '10.198.0.0/16'
const podCidr = '10.198.7.0/24'

const { context } = testRuntime(nodeName, { networkName })

async function kernel(): Promise<string> {
  const rules = await run('iptables-save')
  const routes = await run('ip', ['route'])
  return [...rules.stdout.split('\n'), ...routes.stdout.split('\n')]
    .filter((line) => line.includes('10.198.'))
    .join('\n')
}

describe('PodNetwork', () => {
  const network = new PodNetwork({ context, clusterCidr, clock: realClock, log: silentLogger })
  beforeAll(async () => {
    // a run that was killed has left its network, which has the range
    const left = await context.docker.listNetworks({ filters: { name: [prefix] } })
    for (const { Id } of left) await context.docker.getNetwork(Id).remove()
  })
  afterAll(() => network.remove(signal))

  it('has a problem until it is set up', () => {
    expect(network.problem).toBe('the node has no Pod CIDR yet')
  })

  it('makes bridge, rules and route, once', async () => {
    await network.setUp(podCidr, signal)
    expect(network.problem).toBeUndefined()
    const first = await kernel()
    expect(first).toMatch(/^-A KUBETS-MASQ-\w+ -d 10\.198\.0\.0\/16 -j RETURN$/m)
    expect(first).toMatch(/^-A KUBETS-FORWARD-\w+ -d 10\.198\.7\.0\/24 -j ACCEPT$/m)
    expect(first).toMatch(/^unreachable 10\.198\.0\.0\/16 /m)
    expect(first).toMatch(/^10\.198\.7\.0\/24 dev kbr-/m)
    const again = new PodNetwork({ context, clusterCidr, clock: realClock, log: silentLogger })
    await again.setUp(podCidr, signal)
    expect(await kernel()).toBe(first)
  })

  it('follows another Pod CIDR', async () => {
    await network.setUp('10.198.8.0/24', signal)
    const info = await context.docker.getNetwork(networkName).inspect()
    expect(info.IPAM?.Config).toEqual([{ Subnet: '10.198.8.0/24', Gateway: '10.198.8.1' }])
    expect(await kernel()).not.toContain('10.198.7.')
  })

  it('says what is wrong', async () => {
    const other = new PodNetwork({ context, clusterCidr, clock: realClock, log: silentLogger })
    await other.setUp('nonsense', signal)
    expect(other.problem).toBe('not an IPv4 network: nonsense')
  })

  it('leaves nothing behind', async () => {
    await network.remove(signal)
    expect(await kernel()).toBe('')
    await expect(context.docker.getNetwork(networkName).inspect()).rejects.toMatchObject({ statusCode: 404 })
  })
})
