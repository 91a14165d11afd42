import { serviceCIDRs, services } from '@kubets/shared/api/resources.gen.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager

beforeAll(async () => {
  manager = await startTestManager()
})

afterAll(() => manager.stop())

it('keeps a ServiceCIDR ready, and whole until its addresses are given back', async () => {
  const { client } = manager
  await manager.makeNamespace('cidr')
  await client.create(serviceCIDRs, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'more' },
    spec: { cidrs: ['10.123.0.0/28'] },
  })
  const says = async (message: string): Promise<boolean> => {
    const { metadata, status } = await client.get(serviceCIDRs, 'more')
    // until the controller has seen it there is neither
    const isSeen = status?.conditions !== undefined
    expect(metadata.finalizers ?? []).toEqual(isSeen ? ['networking.k8s.io/service-cidr-finalizer'] : expect.anything())
    return status?.conditions?.[0]?.message?.includes(message) ?? false
  }
  await waitFor(() => says('is ready'))
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'held', namespace: 'cidr' },
    spec: { clusterIP: '10.123.0.7', ports: [{ port: 80 }] },
  })
  await client.delete(serviceCIDRs, 'more')
  await waitFor(() => says('There are still IPAddresses referencing'))
  await client.delete(services, 'held', { namespace: 'cidr' })
  const gone = (): Promise<boolean> =>
    client.get(serviceCIDRs, 'more').then(
      () => false,
      () => true,
    )
  await waitFor(gone)
})
