import { events, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf, lookAt, runs, shell, statusOf } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const docker = new Docker()
const namespace = 'default'

/** What becomes of a Pod whose spec is changed while something holds it up. */
describe.concurrent('A changed Pod', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '40' })
    look = lookAt(node)
  })
  afterAll(() => node.stop())

  const waitsWith = (reason: string) => (pod: Pod) => statusOf(pod)?.state?.waiting?.reason === reason
  const newImage = (name: string) =>
    node.client.patch(
      pods,
      name,
      { spec: { containers: [{ name: 'main', image: node.image }] } },
      { type: 'strategic', namespace },
    )
  const backOffs = async (name: string) => {
    const { items } = await node.client.list(events, { namespace })
    return items.filter((one) => one.involvedObject.name === name && one.reason === 'BackOff')
  }

  // test/e2e/common/node/pods.go, "their auto-restart back-off timer reset on image update"
  it('has another image at once, however long it would wait for the one it had', async () => {
    const image = `localhost:1/none-${process.pid}:1`
    await node.run('mistyped', { containers: [{ name: 'main', image }] })
    const waits = await node.until('mistyped', waitsWith('ImagePullBackOff'))
    expect(statusOf(waits)?.state?.waiting?.message).toMatch(
      new RegExp(`^Back-off pulling image "${image}": ErrImagePull: Error response from daemon: `),
    )
    const [said] = await waitFor(async () => {
      const all = await backOffs('mistyped')
      return all.length > 0 ? all : undefined
    })
    expect(said).toMatchObject({
      type: 'Normal',
      message: `Back-off pulling image "${image}"`,
      involvedObject: { fieldPath: 'spec.containers{main}' },
    })
    await newImage('mistyped')
    const pod = await node.until('mistyped', runs)
    expect((await docker.getContainer(idOf(pod)).inspect()).Config.Image).toBe(node.image)
    expect(statusOf(pod)).toMatchObject({ image: node.image, restartCount: 0 })
  })

  it('starts at once with another image, however often it failed with the one it had', async () => {
    const repo = `kubets-test/other-${process.pid}`
    const other = `${repo}:1`
    await docker.getImage(node.image).tag({ repo, tag: '1' })
    try {
      const script = 'test $(cat /data/starts | wc -l) -ge 3 && exec sleep 1000; echo x >> /data/starts; exit 1'
      await node.run('failing', {
        volumes: [{ name: 'data', hostPath: { path: `${node.rootDir}/failing`, type: 'DirectoryOrCreate' } }],
        containers: [
          {
            name: 'main',
            image: other,
            ...shell(`touch /data/starts; ${script}`),
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
      })
      // the third time it would wait for twenty seconds
      const is20 = (pod: Pod) => statusOf(pod)?.state?.waiting?.message?.startsWith('back-off 20s') === true
      await node.until('failing', is20)
      expect((await backOffs('failing'))[0]).toMatchObject({
        type: 'Warning',
        involvedObject: { fieldPath: 'spec.containers{main}' },
      })
      await newImage('failing')
      const pod = await node.until('failing', (one) => statusOf(one)?.image === node.image)
      // as one that failed for the first time
      const { Config } = await docker.getContainer(idOf(pod)).inspect()
      expect(Config).toMatchObject({ Image: node.image, Labels: { 'kubets.back-off': '10' } })
    } finally {
      await docker.getImage(other).remove({ force: true })
    }
  })

  // test/e2e/node/pod_resize.go, "pod resize deferred"
  it('has more when another one that has it now is gone, and says that it waits', async () => {
    const cpu = (amount: string) => ({ requests: { cpu: amount } })
    const conditionOf = ({ status }: Pod, type: string) => status?.conditions?.find((one) => one.type === type)
    await node.run('large', { containers: [{ name: 'main', resources: cpu('600m') }] })
    await node.run('grows', { containers: [{ name: 'main', resources: cpu('200m') }] })
    await Promise.all([node.until('large', runs), node.until('grows', runs)])
    const body = { spec: { containers: [{ name: 'main', resources: cpu('700m') }] } }
    await node.client.patch(pods, 'grows', body, { type: 'strategic', subresource: 'resize', namespace })
    const waits = await node.until('grows', (pod) => conditionOf(pod, 'PodResizePending') !== undefined)
    expect(conditionOf(waits, 'PodResizePending')).toMatchObject({
      status: 'True',
      reason: 'Deferred',
      message: "Node didn't have enough resource: cpu, requested: 700, used: 600, capacity: 1000",
      observedGeneration: 2,
    })
    expect(waits.status?.observedGeneration).toBe(2)
    expect(statusOf(waits)?.allocatedResources).toEqual({ cpu: '200m' })
    expect(await look.event('grows', 'ResizeDeferred')).toMatch(/^Pod resize Deferred: \{.*"error":"Node didn't have/)
    const before = idOf(waits)
    await look.remove('large')
    const pod = await node.until('grows', (one) => statusOf(one)?.allocatedResources?.['cpu'] === '700m')
    const done = await node.until(
      'grows',
      (one) => !one.status?.conditions?.some(({ type }) => /^PodResize/.test(type)),
    )
    expect(idOf(pod)).toBe(before)
    expect(statusOf(done)?.resources?.requests).toEqual({ cpu: '700m' })
    expect((await docker.getContainer(before).inspect()).HostConfig.CpuShares).toBe(716)
    await look.event('grows', 'ResizeCompleted')
  })
})
