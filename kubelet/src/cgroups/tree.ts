import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Hierarchy } from './hierarchy.ts'
import {
  cgroupFiles,
  currentFiles,
  parseCurrent,
  type CgroupSettings,
  type CgroupVersion,
  type CurrentSettings,
} from './settings.ts'
import { isGone } from './usage.ts'

const used = ['cpu', 'memory', 'pids', 'hugetlb']
// what a cgroup that somebody else makes has to have
const needed = {
  1: ['cpu', 'cpuacct', 'cpuset', 'memory', 'name=systemd', 'pids', 'hugetlb'],
  2: ['cpu', 'cpuset', 'hugetlb', 'memory', 'pids'],
} as const
// a process that was killed leaves its cgroup a moment later
const removeTries = 40
const removeRetryMs = 50

/** The machine's cgroups by their names, which are paths from the root: create, set, read, remove. */
// pkg/kubelet/cm/cgroup_manager_linux.go
export class CgroupTree {
  readonly version: CgroupVersion
  readonly #hierarchy: Hierarchy
  readonly #clock: Clock
  /** Where the controllers are that something is set in. */
  readonly #places: ReadonlyMap<string, string>

  constructor(hierarchy: Hierarchy, clock: Clock) {
    this.version = hierarchy.version
    this.#hierarchy = hierarchy
    this.#clock = clock
    const { version, mounts } = hierarchy
    const found = used.flatMap((controller): [string, string][] => {
      const mount = version === 2 ? mounts[0] : mounts.find((one) => one.controllers.includes(controller))
      return mount ? [[controller, mount.place]] : []
    })
    this.#places = new Map(found)
  }

  /** Whether the cgroup is there, for every controller that is used. */
  async exists(name: string): Promise<boolean> {
    try {
      await Promise.all(this.#folders().map((place) => access(path.join(place, name))))
      return true
    } catch {
      return false
    }
  }

  /** Rejects with upstream's words when a cgroup that somebody else makes is not there as a whole. */
  // cgroup_v1_manager_linux.go, cgroup_v2_manager_linux.go Validate
  async validate(name: string): Promise<void> {
    const wanted: readonly string[] = needed[this.version]
    const { mounts } = this.#hierarchy
    if (this.version === 1) {
      const places = mounts.filter(({ controllers }) => controllers.some((one) => wanted.includes(one)))
      const folders = places.map(({ place }) => path.join(place, name))
      const there = await Promise.all(
        folders.map((folder) =>
          access(folder).then(
            () => true,
            () => false,
          ),
        ),
      )
      const missing = folders.filter((_, i) => !there[i])
      if (missing.length > 0) throw new Error(`cgroup ${printed(name)} has some missing paths: ${missing.join(', ')}`)
      return
    }
    const root = mounts[0]?.place ?? ''
    const [available, enabled] = await Promise.all([controllersOf(root), controllersOf(path.join(root, name))]).catch(
      (error: unknown) => {
        throw new Error(`could not read controllers for cgroup ${printed(name)}: ${(error as Error).message}`, {
          cause: error,
        })
      },
    )
    const missing = wanted.filter((one) => available.includes(one) && !enabled.includes(one))
    if (missing.length > 0)
      throw new Error(`cgroup ${printed(name)} has some missing controllers: ${missing.join(', ')}`)
  }

  /** Makes the cgroup and those above it, if they are not there. Rejects with the kernel's error. */
  async create(name: string): Promise<void> {
    for (const place of this.#folders()) {
      const parts = name.split('/').filter((part) => part !== '')
      for (const [i] of parts.entries()) {
        const parent = path.join(place, ...parts.slice(0, i))
        if (this.version === 2) await enableControllers(parent)
        const folder = path.join(parent, parts[i] ?? '')
        await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
        })
        // older kernels count what is below only when they are told to; below one that does it cannot be changed
        if (this.version === 1) await writeFile(path.join(folder, 'memory.use_hierarchy'), '1').catch(() => undefined)
      }
    }
  }

  /** Changes what is given; settings of controllers that the machine does not have are left out. */
  async set(name: string, settings: CgroupSettings): Promise<void> {
    const root = this.version === 2 ? (this.#places.get('cpu') ?? '') : undefined
    const available = root === undefined ? used : await controllersOf(path.join(root, name))
    for (const { controller, file, value, optional } of cgroupFiles(this.version, settings)) {
      const place = this.#places.get(controller)
      if (place === undefined || !available.includes(controller)) continue
      const target = path.join(place, name, file)
      await writeFile(target, value, { flag: 'r+' }).catch((error: unknown) => {
        if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return
        throw new Error(`failed to write "${value}" to "${target}": ${(error as Error).message}`, { cause: error })
      })
    }
  }

  /** What the cgroup has now; undefined when it is not there. */
  async current(name: string): Promise<CurrentSettings | undefined> {
    const files = currentFiles(this.version)
    const read = async (controller: string, file: string): Promise<number> =>
      parseCurrent(await readFile(path.join(this.#places.get(controller) ?? '', name, file), 'utf8'))
    try {
      const all = [read('cpu', files.weight), read('cpu', files.quota), read('memory', files.memory)]
      const [weight = 0, quota = 0, memory = 0] = await Promise.all(all)
      return { weight, quota, memory }
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }

  /** Bytes of memory that the cgroup uses. */
  async memoryUsage(name: string): Promise<number> {
    const file = this.version === 2 ? 'memory.current' : 'memory.usage_in_bytes'
    return Number(await readFile(path.join(this.#places.get('memory') ?? '', name, file), 'utf8'))
  }

  /** Ends all that is left in a cgroup and removes it with all below it, in every hierarchy. One that is gone is no error. */
  // pkg/kubelet/cm/pod_container_manager_linux.go Destroy
  async remove(name: string, signal: AbortSignal): Promise<void> {
    for (const { place } of this.#hierarchy.mounts) {
      const folder = path.join(place, name)
      for (let tries = removeTries; ; tries--) {
        try {
          await removeFolders(folder)
          break
        } catch (error) {
          if (tries === 0 || (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
          await killAll(folder)
          await this.#clock.sleep(removeRetryMs, signal)
        }
      }
    }
  }

  /** Removes a cgroup when nothing is in it or below it. */
  async removeEmpty(name: string): Promise<void> {
    for (const { place } of this.#hierarchy.mounts) await rmdir(path.join(place, name)).catch(() => undefined)
  }

  /** The names of what is below a cgroup, in any hierarchy. */
  async children(name: string): Promise<string[]> {
    const all = this.#hierarchy.mounts.map(({ place }) => childrenOf(path.join(place, name)).catch(() => []))
    return [...new Set((await Promise.all(all)).flat().map((folder) => path.basename(folder)))]
  }

  #folders(): string[] {
    return [...new Set(this.#places.values())]
  }
}

/** A cgroup's name as upstream prints it, for whom it is a list: ["kubepods" "burstable"]. */
export function printed(name: string): string {
  const parts = name.split('/').filter((part) => part !== '')
  return `[${parts.map(quote).join(' ')}]`
}

async function controllersOf(folder: string): Promise<string[]> {
  return (await readFile(path.join(folder, 'cgroup.controllers'), 'utf8')).trim().split(' ')
}

/** Lets the children of a cgroup v2 have the controllers that it has itself. */
async function enableControllers(folder: string): Promise<void> {
  const available = await controllersOf(folder)
  const wanted = used.filter((one) => available.includes(one)).map((one) => `+${one}`)
  if (wanted.length > 0) await writeFile(path.join(folder, 'cgroup.subtree_control'), wanted.join(' '))
}

async function childrenOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name))
}

async function removeFolders(folder: string): Promise<void> {
  try {
    for (const child of await childrenOf(folder)) await removeFolders(child)
    await rmdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function killAll(folder: string): Promise<void> {
  const folders = await childrenOf(folder).catch(() => [])
  for (const child of folders) await killAll(child)
  const processes = await readFile(path.join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
  for (const pid of processes.split('\n').map(Number)) {
    try {
      if (pid > 0) process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended meanwhile
    }
  }
}
