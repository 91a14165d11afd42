import { events } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode } from './node.testing.ts'

const runs = ({ status }: Pod): boolean => status?.phase === 'Running'
const failed = ({ status }: Pod): boolean => status?.phase === 'Failed'

describe('Pods of a node', () => {
  let node: TestNode
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '20' })
  })
  afterAll(() => node.stop())

  const saidOf = (name: string, reason: string): Promise<string> =>
    waitFor(async () => {
      const { items } = await node.client.list(events, { namespace: 'default' })
      return items.find((one) => one.involvedObject.name === name && one.reason === reason)?.message
    }, 20_000)
  const asking = (cpu: string) => [{ name: 'main', resources: { requests: { cpu } } }]

  it('go for a critical one, and only those that must', async () => {
    await node.run('small', { containers: asking('200m') })
    await node.run('large', { containers: asking('700m') })
    await Promise.all([node.until('small', runs), node.until('large', runs)])
    const critical = { priority: 2_000_001_000, priorityClassName: 'system-node-critical' }
    await node.run('critical', { containers: asking('500m'), ...critical })
    const { status } = await node.until('large', failed)
    expect(status).toMatchObject({ reason: 'Preempting', message: 'Preempted in order to admit critical pod' })
    expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
      message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
    })
    expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137)
    await node.until('critical', runs)
    expect((await node.get('small')).status?.phase).toBe('Running')
    expect(await saidOf('large', 'Preempting')).toBe('Preempted in order to admit critical pod')
    await node.run('more', { containers: asking('700m') })
    const refused = await node.until('more', failed)
    expect(refused.status).toMatchObject({ reason: 'OutOfcpu' })
  })

  it('are refused with kernel settings that reach further than the Pod', async () => {
    const sysctls = [{ name: 'kernel/msgmax', value: '1' }]
    await node.run('unsafe', { containers: [{ name: 'main' }], securityContext: { sysctls } })
    const { status } = await node.until('unsafe', failed)
    expect(status).toMatchObject({
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    })
    expect(await saidOf('unsafe', 'SysctlForbidden')).toBe('forbidden sysctl: "kernel.msgmax" not allowlisted')
  })

  it('have the safe ones', async () => {
    const sysctls = [{ name: 'kernel/shm_rmid_forced', value: '1' }]
    const command = ['sh', '-c', 'cat /proc/sys/kernel/shm_rmid_forced > /dev/termination-log']
    await node.run('safe', {
      containers: [{ name: 'main', command }],
      securityContext: { sysctls },
      restartPolicy: 'Never',
    })
    const { status } = await node.until('safe', ({ status }) => status?.phase === 'Succeeded')
    expect(status?.containerStatuses?.[0]?.state?.terminated?.message).toBe('1\n')
  })
})
