import { readFile, readlink } from 'node:fs/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { findHierarchy } from './hierarchy.ts'
import { CgroupTree } from './tree.ts'

/** The machine's cgroups; undefined when they are not wanted, or cannot be had, which is said. */
export async function openCgroups(wanted: boolean, clock: Clock, log: Logger): Promise<CgroupTree | undefined> {
  if (!wanted) return undefined
  try {
    const mountinfo = await readFile('/proc/self/mountinfo', 'utf8')
    const namespace = await readlink('/proc/self/ns/cgroup').catch(() => undefined)
    return new CgroupTree(findHierarchy(mountinfo, namespace), clock)
  } catch (error) {
    log.warn({ why: (error as Error).message }, 'Pods have no cgroups of their own here: going on without')
    return undefined
  }
}
