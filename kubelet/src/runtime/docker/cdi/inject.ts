import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ContainerConfig } from '../../types.ts'
import { hostDeviceOf, resolveDevices, withEdits, type HostDevice, type ReadSpec } from './resolve.ts'
import { parseCdiSpec, type DeviceNode } from './spec.ts'

/** Where specifications are; what is in the later counts more. pkg/cdi/spec-dirs.go DefaultSpecDirs */
const specDirs = ['/etc/cdi', '/var/run/cdi']

/**
 * The container with what its CDI devices change of it, as the files on this machine say now. Docker 20.10 knows nothing of
 * them. Rejects when a device is not known, is not there, or wants what Docker cannot do.
 */
export async function injectCdiDevices(config: ContainerConfig): Promise<ContainerConfig> {
  if (config.cdiDevices.length === 0) return config
  const { specs, broken } = await readSpecs()
  const edits = resolveDevices(config.cdiDevices, specs, broken)
  const devices = await Promise.all(edits.nodes.map(async (node) => hostDeviceOf(node, await hostDevice(node))))
  for (const { hostPath } of edits.mounts) {
    // Docker would make an empty folder there
    await stat(hostPath).catch((error: unknown) => {
      throw new Error(`CDI device injection failed: failed to stat CDI mount source: ${(error as Error).message}`)
    })
  }
  return withEdits(config, edits, devices)
}

// spec-dirs.go scanSpecDirs
async function readSpecs(): Promise<{ specs: ReadSpec[]; broken: string[] }> {
  const specs: ReadSpec[] = []
  const broken: string[] = []
  for (const [priority, folder] of specDirs.entries()) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.toSorted()) {
      if (!name.endsWith('.json') && !name.endsWith('.yaml')) continue
      const file = path.join(folder, name)
      try {
        specs.push({ path: file, priority, spec: parseCdiSpec(await readFile(file, 'utf8')) })
      } catch (error) {
        broken.push(`failed to load CDI Spec ${file}: ${(error as Error).message}`)
      }
    }
  }
  return { specs, broken }
}

async function hostDevice({ path: inContainer, hostPath = inContainer }: DeviceNode): Promise<HostDevice> {
  const info = await lstat(hostPath).catch((error: unknown) => {
    throw new Error(`failed to stat CDI host device "${hostPath}": ${(error as Error).message}`)
  })
  const type = info.isBlockDevice() ? 'b' : info.isCharacterDevice() ? 'c' : info.isFIFO() ? 'p' : undefined
  if (!type) throw new Error(`failed to stat CDI host device "${hostPath}": not a device node`)
  // as Linux packs both into one number (gnu_dev_major, gnu_dev_minor)
  const number = BigInt(info.rdev)
  const major = Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n))
  const minor = Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n))
  return { type, major, minor, fileMode: info.mode & 0o7777, uid: info.uid, gid: info.gid }
}
