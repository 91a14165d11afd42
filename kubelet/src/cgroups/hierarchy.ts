// Where the kernel's cgroups are: pure. pkg/kubelet/cm/util/cgroups_linux.go
import type { CgroupVersion } from './settings.ts'

/** A mounted hierarchy and the controllers that it has; of v2 the files say which. */
export interface CgroupMount {
  place: string
  controllers: readonly string[]
}

export interface Hierarchy {
  version: CgroupVersion
  mounts: readonly CgroupMount[]
}

// linux/proc_ns.h PROC_CGROUP_INIT_INO
const initialNamespace = 'cgroup:[4026531835]'
const needed = ['cpu', 'memory']

/**
 * Finds the cgroups in the text of /proc/self/mountinfo. `namespace` is what /proc/self/ns/cgroup links to. Throws an
 * Error that says why the machine's cgroups cannot be had.
 */
export function findHierarchy(mountinfo: string, namespace: string | undefined): Hierarchy {
  const { version, all, whole } = visibleMounts(mountinfo, namespace)
  const writable = whole.filter((one) => !one.readonly)
  const used = version === 2 ? writable.slice(0, 1) : writable
  if (used.length === 0 || (version === 1 && used.length < whole.length)) {
    throw new Error('the cgroup file system is mounted read-only')
  }
  // the runtime makes its cgroups in an empty unified hierarchy too: they have to be removed
  if (version === 1) used.push(...all.filter((one) => one.unified && one.root === '/' && !one.readonly))
  return { version, mounts: used.map(({ place, controllers }) => ({ place, controllers })) }
}

/** The same for who looks at them alone, to whom they may be mounted read-only. */
export function findReadable(mountinfo: string, namespace: string | undefined): Hierarchy {
  const { version, whole } = visibleMounts(mountinfo, namespace)
  const used = version === 2 ? whole.slice(0, 1) : whole
  return { version, mounts: used.map(({ place, controllers }) => ({ place, controllers })) }
}

function visibleMounts(mountinfo: string, namespace: string | undefined) {
  if (namespace !== undefined && namespace !== initialNamespace) {
    throw new Error("this process has a cgroup namespace of its own and does not see the machine's cgroups")
  }
  const all = mountinfo.split('\n').flatMap(parseMount)
  const first = all.filter((one) => one.controllers.some((name) => needed.includes(name)))
  const version: CgroupVersion = first.length > 0 ? 1 : 2
  const candidates = version === 1 ? all.filter((one) => !one.unified) : all.filter((one) => one.unified)
  if (candidates.length === 0) throw new Error('no cgroup file system is mounted')
  const whole = candidates.filter(({ root }) => root === '/')
  if (whole.length === 0) throw new Error("what is mounted of the cgroups is not the machine's root")
  const missing = version === 1 ? needed.filter((name) => !whole.some((one) => one.controllers.includes(name))) : []
  if (missing.length > 0) throw new Error(`the cgroup controllers ${missing.join(' and ')} are not mounted`)
  return { version, all, whole }
}

interface Mount extends CgroupMount {
  unified: boolean
  root: string
  readonly: boolean
}

// proc_pid_mountinfo(5)
function parseMount(line: string): Mount[] {
  const [before = '', after] = line.split(' - ')
  const [, , , root = '', place = '', options = ''] = before.split(' ')
  const [type, , superOptions = ''] = (after ?? '').split(' ')
  if (type !== 'cgroup' && type !== 'cgroup2') return []
  const unified = type === 'cgroup2'
  const controllers = unified ? [] : superOptions.split(',').filter((one) => one !== 'rw' && one !== 'ro')
  const readonly = [options, superOptions].some((one) => one.split(',').includes('ro'))
  return [{ unified, root, place: unescape(place), controllers, readonly }]
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}
