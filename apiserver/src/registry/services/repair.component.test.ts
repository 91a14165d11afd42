import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { expect, it } from 'vitest'
import { Storage } from '../../storage/storage.ts'
import { ipAddresses, ipAddressFor, nodePortFor, nodePorts } from './allocations.ts'
import { repairOnce } from './repair.ts'

const services = { group: '', plural: 'services' }

function service(name: string, ip: string, nodePort: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: ip, clusterIPs: [ip], ports: [{ port: 80, nodePort }] },
  }
}

it('gives back what no Service holds, takes what one does, and says of each whose it is', async () => {
  const etcd = await startEtcd()
  const stop = new AbortController()
  const storage = new Storage({ endpoints: [etcd.endpoint], prefix: '/test', clock: realClock, log: silentLogger })
  const running = storage.run(stop.signal)
  const gone = service('gone', '10.0.0.9', 30009)
  const lost = service('lost', '10.0.0.5', 30005)
  const put = { expect: 0 }
  await storage.commit([
    { ...put, resource: services, key: 'default/lost', object: lost },
    { ...put, resource: ipAddresses, key: '10.0.0.9', object: ipAddressFor('10.0.0.9', gone, 0) },
    { ...put, resource: nodePorts, key: '30009', object: nodePortFor(30009, gone) },
  ])
  const stray = service('stray', '10.0.0.6', 30006)
  await storage.commit([
    { ...put, resource: services, key: 'default/moved', object: service('moved', '10.0.0.6', 30006) },
    { ...put, resource: ipAddresses, key: '10.0.0.6', object: ipAddressFor('10.0.0.6', stray, 0) },
    { ...put, resource: nodePorts, key: '30006', object: nodePortFor(30006, stray) },
  ])
  await repairOnce(storage)
  await storage.cache.fresh()
  const names = (resource: typeof services) =>
    [...storage.resource(resource).under()].map(({ object }) => object.metadata.name)
  expect(names(ipAddresses)).toEqual(['10.0.0.5', '10.0.0.6'])
  expect(names(nodePorts)).toEqual(['30005', '30006'])
  expect(storage.resource(ipAddresses).get('10.0.0.6')?.object).toMatchObject({
    spec: { parentRef: { name: 'moved' } },
  })
  expect(storage.resource(nodePorts).get('30006')?.object).toMatchObject({ service: 'default/moved' })
  stop.abort()
  await running
  await etcd.stop()
})
