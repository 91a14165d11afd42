import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type * as grpc from '@grpc/grpc-js'
import { deviceClasses, resourceClaims } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { serveOn, serveRegistration, type Notified } from '../plugins/plugin.testing.ts'
import { draServices } from './driver.ts'

/** What a driver was asked, in order. */
export interface DraCall {
  method: 'NodePrepareResources' | 'NodeUnprepareResources'
  /** The names of the claims. */
  claims: string[]
}

export interface TestDraDriver {
  name: string
  calls: DraCall[]
  notified: Notified[]
  /** Called before it answers; what it throws is what it says of each claim. */
  before: (call: DraCall) => Promise<void> | void
  /** How often it was asked this about the claim. */
  asked(method: DraCall['method'], claim: string): number
  stop(): Promise<void>
}

interface Claim {
  uid: string
  name: string
}

const cdiFolder = '/var/run/cdi'

/**
 * A driver whose devices are the variable `DEVICE_<request>`, the file /dev/<request>, which is the host's /dev/null, and the
 * folder /claimed/<request> with a file `of` that names the claim.
 */
export async function startDraDriver(
  rootDir: string,
  name: string,
  service = 'v1.DRAPlugin',
  requests: readonly string[] = ['one', 'two'],
): Promise<TestDraDriver> {
  const folder = path.join(rootDir, 'plugins', name)
  await mkdir(folder, { recursive: true })
  await mkdir(path.join(rootDir, 'plugins_registry'), { recursive: true })
  const fileOf = (uid: string): string => path.join(cdiFolder, `${name}-${uid}.json`)
  const kind = `${name}/claim`
  const written = new Set<string>()
  const prepare = async ({ uid, name: claim }: Claim): Promise<object> => {
    const devices = []
    for (const request of requests) {
      const hostPath = path.join(folder, `${uid}-${request}`)
      await mkdir(hostPath, { recursive: true })
      await writeFile(path.join(hostPath, 'of'), claim)
      const containerEdits = {
        env: [`DEVICE_${request}=${claim}`],
        deviceNodes: [{ path: `/dev/${request}`, hostPath: '/dev/null', permissions: 'rw' }],
        mounts: [{ hostPath, containerPath: `/claimed/${request}`, options: ['ro', 'bind'] }],
      }
      devices.push({ name: `${uid}-${request}`, containerEdits })
    }
    const spec = { cdiVersion: '0.6.0', kind, devices, containerEdits: { env: ['ANY=yes'] } }
    await mkdir(cdiFolder, { recursive: true })
    await writeFile(fileOf(uid), JSON.stringify(spec))
    written.add(fileOf(uid))
    const given = requests.map((request) => ({
      request_names: [request],
      pool_name: 'pool',
      device_name: request,
      cdi_device_ids: [`${kind}=${uid}-${request}`],
    }))
    return { devices: given }
  }
  const unprepare = async ({ uid }: Claim): Promise<object> => {
    await rm(fileOf(uid), { force: true })
    return {}
  }
  const driver: TestDraDriver = {
    name,
    calls: [],
    notified: [],
    before: () => undefined,
    asked: (method, claim) => driver.calls.filter((one) => one.method === method && one.claims.includes(claim)).length,
    stop: async () => {
      registration.stop()
      server.stop()
      await Promise.all([...written].map((file) => rm(file, { force: true })))
      // unless others use it
      await rmdir(cdiFolder).catch(() => undefined)
    },
  }
  const handler =
    (
      method: DraCall['method'],
      work: (claim: Claim) => Promise<object>,
    ): grpc.handleUnaryCall<{ claims: Claim[] }, object> =>
    ({ request }, answer) => {
      const call = { method, claims: request.claims.map((one) => one.name) }
      driver.calls.push(call)
      const one = async (claim: Claim): Promise<[string, object]> => {
        try {
          await driver.before(call)
        } catch (error) {
          return [claim.uid, { error: (error as Error).message }]
        }
        return [claim.uid, await work(claim)]
      }
      void Promise.all(request.claims.map(one)).then((answers) => answer(null, { claims: Object.fromEntries(answers) }))
    }
  const endpoint = path.join(folder, 'dra.sock')
  const known = draServices.get(service)
  if (!known) throw new Error(`no service ${service}`)
  const server = await serveOn(endpoint, [
    [
      known,
      {
        NodePrepareResources: handler('NodePrepareResources', prepare),
        NodeUnprepareResources: handler('NodeUnprepareResources', unprepare),
      },
    ],
  ])
  const socket = path.join(rootDir, 'plugins_registry', `${name}-reg.sock`)
  const registration = await serveRegistration(socket, { type: 'DRAPlugin', name, endpoint, versions: [service] })
  driver.notified = registration.notified
  return driver
}

const namespace = 'default'

/** A claim of these requests, as it is created. */
export async function createClaim(client: Client, name: string, requests = ['one', 'two']): Promise<ResourceClaim> {
  const existing = await client.get(deviceClasses, 'any').catch(() => undefined)
  if (!existing) {
    const kind = { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'any' }, spec: {} }
    await client.create(deviceClasses, kind)
  }
  return client.create(resourceClaims, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name, namespace },
    spec: {
      devices: { requests: requests.map((one) => ({ name: one, exactly: { deviceClassName: 'any' } })) },
    },
  })
}

/** Writes what the scheduler does: the devices of the driver, and the Pods that may use them. */
export async function allocate(
  client: Client,
  { metadata, spec }: ResourceClaim,
  driver: string,
  pods: readonly Pod[],
): Promise<void> {
  const results = (spec.devices.requests ?? []).map(({ name }) => ({
    request: name,
    driver,
    pool: 'pool',
    device: name,
  }))
  const reservedFor = pods.map((pod) => ({
    resource: 'pods',
    name: pod.metadata.name ?? '',
    uid: pod.metadata.uid ?? '',
  }))
  const status = { allocation: { devices: { results } }, reservedFor }
  const options = { type: 'merge', namespace, subresource: 'status' } as const
  await client.patch(resourceClaims, metadata.name ?? '', { status }, options)
}
