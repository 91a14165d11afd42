import { execFile } from 'node:child_process'
import { mkdir, rm, rmdir, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import * as grpc from '@grpc/grpc-js'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import type { ObjectSource } from '../objects.ts'
import { loadService } from '../plugins/grpc.ts'
import { serveOn, serveRegistration, type Notified } from '../plugins/plugin.testing.ts'
import { mountsBelow } from '../volumes/mounts.ts'
import { AttachedVolumes } from './attached.ts'
import type { Capability } from './driver.ts'
import { CsiDrivers } from './drivers.ts'
import { CsiVolumes } from './volumes.ts'

const run = promisify(execFile)

/** What the driver was asked, in order. */
export interface Call {
  method: string
  request: Record<string, unknown> & { volume_id: string }
}

export interface TestDriver {
  name: string
  calls: Call[]
  notified: Notified[]
  /** Called before a request is done; what it throws is the answer. */
  before: (call: Call) => Promise<void> | void
  /** How many volumes fit, by what it says. */
  maxVolumes: number
  capabilities: Capability[]
  /** The methods asked for, in order, without those that only ask what it can do. */
  asked(): string[]
  stop(): Promise<void>
}

export interface TestDriverOptions {
  name: string
  nodeId: string
  topology?: Record<string, string>
}

/** An error for `before` to throw. */
export const refusal = (code: grpc.status, details: string): Error =>
  Object.assign(new Error(details), { code, details })

/**
 * A storage driver that serves on sockets below the kubelet's folder, as drivers do: a volume is a tmpfs that is mounted
 * when it is staged, or an image file on a loop device, and bound where it is published.
 */
export async function startTestDriver(rootDir: string, options: TestDriverOptions): Promise<TestDriver> {
  const { name, nodeId, topology } = options
  const folder = path.join(rootDir, 'plugins', name)
  await mkdir(folder, { recursive: true })
  await mkdir(path.join(rootDir, 'plugins_registry'), { recursive: true })
  const driver: TestDriver = {
    name,
    calls: [],
    notified: [],
    before: () => undefined,
    maxVolumes: 0,
    capabilities: ['STAGE_UNSTAGE_VOLUME'],
    asked: () => driver.calls.map(({ method }) => method).filter((one) => !one.startsWith('NodeGet')),
    stop: async () => {
      registration.stop()
      server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  const volumes = new NodeVolumes(folder)
  const answers: Record<string, (request: Call['request']) => Promise<object> | object> = {
    NodeGetInfo: () => ({
      node_id: nodeId,
      max_volumes_per_node: driver.maxVolumes,
      ...(topology && { accessible_topology: { segments: topology } }),
    }),
    NodeGetCapabilities: () => ({ capabilities: driver.capabilities.map((type) => ({ rpc: { type } })) }),
    NodeStageVolume: (request) => volumes.stage(request),
    NodeUnstageVolume: (request) => volumes.unstage(request),
    NodePublishVolume: (request) => volumes.publish(request),
    NodeUnpublishVolume: (request) => volumes.unpublish(request),
    NodeExpandVolume: () => ({}),
    NodeGetVolumeStats: () => ({
      usage: [
        { unit: 'BYTES', available: 60, total: 100, used: 40 },
        { unit: 'INODES', available: 9, total: 10, used: 1 },
      ],
    }),
  }
  const implementation = Object.fromEntries(
    Object.entries(answers).map(([method, answer]) => {
      const handle: grpc.handleUnaryCall<Call['request'], object> = ({ request }, callback) => {
        const call = { method, request }
        driver.calls.push(call)
        Promise.resolve(call)
          .then(driver.before)
          .then(() => answer(request))
          .then(
            (result) => callback(null, result),
            (error: grpc.ServiceError) =>
              callback({ code: error.code ?? grpc.status.INTERNAL, details: error.message }),
          )
      }
      return [method, handle]
    }),
  )
  const endpoint = path.join(folder, 'csi.sock')
  const service = loadService(new URL('csi.proto', import.meta.url), 'csi.v1.Node')
  const server = await serveOn(endpoint, [[service, implementation]])
  const socket = path.join(rootDir, 'plugins_registry', `${name}-reg.sock`)
  const registration = await serveRegistration(socket, { type: 'CSIPlugin', name, endpoint })
  driver.notified = registration.notified
  return driver
}

type Request = Call['request'] & {
  staging_target_path: string
  target_path: string
  volume_capability: { block?: object | null }
}

/** The volumes themselves. */
class NodeVolumes {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async stage(asked: Call['request']): Promise<object> {
    const { volume_id: id, staging_target_path: staging, volume_capability: capability } = asked as Request
    if (capability.block) await this.#device(id)
    else if (!(await isMounted(staging))) await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', staging])
    return {}
  }

  async unstage(asked: Call['request']): Promise<object> {
    const { volume_id: id, staging_target_path: staging } = asked as Request
    if (await isMounted(staging)) await run('umount', [staging])
    const { stdout } = await run('losetup', ['-j', this.#image(id)])
    const device = stdout.split(':')[0]
    if (device) await run('losetup', ['-d', device])
    return {}
  }

  async publish(asked: Call['request']): Promise<object> {
    const { volume_id: id, staging_target_path: staging, target_path: target, volume_capability } = asked as Request
    if (await isMounted(target)) return {}
    if (volume_capability.block) {
      await writeFile(target, '')
      await run('mount', ['--bind', await this.#device(id), target])
    } else {
      await mkdir(target)
      if (staging === '') await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', target])
      else await run('mount', ['--bind', staging, target])
    }
    return {}
  }

  async unpublish(asked: Call['request']): Promise<object> {
    const { target_path: target } = asked as Request
    if (await isMounted(target)) await run('umount', [target])
    await rmdir(target).catch(() => rm(target, { force: true }))
    return {}
  }

  #image(id: string): string {
    return path.join(this.#folder, `${id}.img`)
  }

  async #device(id: string): Promise<string> {
    const image = this.#image(id)
    const { stdout } = await run('losetup', ['-j', image]).catch(() => ({ stdout: '' }))
    const device = stdout.split(':')[0]
    if (device) return device
    await writeFile(image, '')
    await truncate(image, 1 << 20)
    return (await run('losetup', ['-f', '--show', image])).stdout.trim()
  }
}

const isMounted = async (place: string): Promise<boolean> => (await mountsBelow(place)).includes(place)

/** The volumes of a node that has no driver. */
export function withoutDrivers(rootDir: string, objects: ObjectSource, clock: Clock): CsiVolumes {
  const nothing = (): Promise<void> => Promise.resolve()
  const drivers = new CsiDrivers({ nodeInfo: { install: nothing, update: nothing, uninstall: nothing }, clock, log })
  const attached = new AttachedVolumes({ node: () => undefined, changed: () => undefined, clock })
  const recorder = { event: () => undefined }
  return new CsiVolumes({ rootDir, nodeName: 'n', drivers, objects, attached, recorder, clock, log })
}
