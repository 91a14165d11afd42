import { readFile, readlink } from 'node:fs/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { findHierarchy, findReadable, type Hierarchy } from './hierarchy.ts'
import { CgroupTree } from './tree.ts'

/** The machine's cgroups; undefined when they are not wanted, or cannot be had, which is said. */
export async function openCgroups(wanted: boolean, clock: Clock, log: Logger): Promise<CgroupTree | undefined> {
  if (!wanted) return undefined
  try {
    return new CgroupTree(await lookFor(findHierarchy), clock)
  } catch (error) {
    log.warn({ why: (error as Error).message }, 'Pods have no cgroups of their own here: going on without')
    return undefined
  }
}

/** The machine's cgroups for who looks at them alone. Rejects with an Error that says why they cannot be had. */
export function readableCgroups(): Promise<Hierarchy> {
  return lookFor(findReadable)
}

async function lookFor(find: typeof findHierarchy): Promise<Hierarchy> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8')
  const namespace = await readlink('/proc/self/ns/cgroup').catch(() => undefined)
  return find(mountinfo, namespace)
}
