import { readFile } from 'node:fs/promises'
import path from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, ResourceRequirements } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { allCpus, readTopology } from './topology.ts'
import { cpuSetText } from './cpuset.ts'

describe('a node with the static CPU policy', () => {
  let node: TestNode
  let all = ''
  const docker = new Docker()

  beforeAll(async () => {
    all = cpuSetText(allCpus(await readTopology()))
    node = await startTestNode({ cpu: '8', memory: '8Gi', pods: '110' }, { cpuPolicy: 'static' })
  })
  afterAll(() => node.stop())

  const whole = (cpu: string): ResourceRequirements => ({ limits: { cpu, memory: '32Mi' } })
  const running = (pod: Pod) => pod.status?.phase === 'Running'
  const hostConfig = async ({ status }: Pod) => {
    const id = status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? ''
    const { HostConfig } = await docker.getContainer(id).inspect()
    return { cpus: HostConfig.CpusetCpus, quota: HostConfig.CpuQuota }
  }
  const written = async () =>
    JSON.parse(await readFile(path.join(node.rootDir, 'cpu_manager_state'), 'utf8')) as Record<string, unknown>

  it('gives a guaranteed Pod its CPU, moves the others away, and takes it back at the end', async () => {
    await node.run('others', { containers: [{ name: 'main' }] })
    const others = await node.until('others', running)
    expect(await hostConfig(others)).toEqual({ cpus: all, quota: 0 })
    await node.run('alone', { containers: [{ name: 'main', resources: whole('1') }] })
    const alone = await node.until('alone', running)
    expect(await hostConfig(alone)).toEqual({ cpus: '1', quota: 0 })
    await waitFor(async () => (await hostConfig(others)).cpus !== all)
    const rest = (await hostConfig(others)).cpus
    const uid = alone.metadata.uid ?? ''
    expect(await written()).toMatchObject({
      policyName: 'static',
      defaultCpuSet: rest,
      entries: { [uid]: { main: '1' } },
    })

    const many = String(all.length * 100)
    await node.run('greedy', { containers: [{ name: 'main', resources: whole(many) }] })
    const greedy = await node.until('greedy', (pod) => pod.status?.phase === 'Failed')
    expect(greedy.status).toMatchObject({
      reason: 'UnexpectedAdmissionError',
      message: expect.stringMatching(
        /^Pod was rejected: Allocate failed due to not enough cpus available to satisfy request: requested=\d+, available=\d+, which is unexpected$/,
      ) as string,
    })
    expect(node.manager.active().map((pod) => pod.metadata.name)).not.toContain('greedy')

    await node.client.delete(pods, 'alone', { namespace: 'default', gracePeriodSeconds: 1 })
    await waitFor(async () => (await hostConfig(others)).cpus === all)
    expect(await written()).not.toHaveProperty('entries')
  })
})
