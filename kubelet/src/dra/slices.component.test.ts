import { resourceSlices } from '@kubets/shared/api/resources.gen.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { realClock } from '@kubets/shared/testing/real-clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NodeSlices } from './slices.ts'

describe('What a node offers of drivers that are gone', () => {
  let api: Awaited<ReturnType<typeof startApiServer>>
  const clock = new FakeClock(0)
  const stopping = new AbortController()
  let slices: NodeSlices

  beforeAll(async () => {
    api = await startApiServer()
    // as the kubelet, with what its own rights allow
    const config = loadKubeconfig(await api.kubeconfig('system:node:mine', ['system:nodes']))
    const client = new Client({ ...config, userAgent: 'kubelet' }, { clock: realClock })
    slices = new NodeSlices({ client, nodeName: 'mine', clock, log, lifetime: stopping.signal })
  })
  afterAll(async () => {
    stopping.abort()
    await api.stop()
  })

  const offer = (nodeName: string, driver: string) =>
    api.client.create(resourceSlices, {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: `${nodeName}-${driver}` },
      spec: { driver, nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 }, devices: [] },
    })
  const offered = async () => (await api.client.list(resourceSlices)).items.map(({ metadata }) => metadata.name)

  it('is all wiped when the kubelet begins, but nothing of other nodes', async () => {
    for (const driver of ['a.example.com', 'b.example.com']) await offer('mine', driver)
    await offer('other', 'a.example.com')
    await slices.wipe(undefined, stopping.signal)
    expect(await offered()).toEqual(['other-a.example.com'])
  })

  it('is wiped when the driver does not come back within 30 seconds', async () => {
    for (const driver of ['a.example.com', 'b.example.com']) await offer('mine', driver)
    slices.sync('a.example.com', false)
    slices.sync('b.example.com', false)
    await clock.advance(29_999)
    slices.sync('b.example.com', true)
    // the first loss counts
    slices.sync('a.example.com', false)
    await clock.advance(1)
    await waitFor(async () => !(await offered()).includes('mine-a.example.com'))
    await clock.advance(60_000)
    expect(await offered()).toEqual(['mine-b.example.com', 'other-a.example.com'])
  })
})
