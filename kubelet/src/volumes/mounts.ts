import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
// mount and umount answer at once; a hanging device must not hold a Pod's worker for ever
const limitMs = 30_000
// nor one that does not answer; mount.nfs gives up by itself after two minutes
const serverLimitMs = 150_000

interface ExecError {
  code?: unknown
  stdout?: string
  stderr?: string
}

/** The places where something is mounted at or below `folder`, deepest first. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const info = await readFile('/proc/self/mountinfo', 'utf8')
  return parseMountInfo(info)
    .filter((place) => place === folder || place.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)
}

/** The mount points of a mountinfo text (proc(5)); blanks in it are octal escapes. */
export function parseMountInfo(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((place) => place !== '')
    .map((place) => place.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
}

/** Mounts a tmpfs; `options` as mount(8) takes them. */
export async function mountTmpfs(place: string, options: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = options.length > 0 ? ['-o', options.join(',')] : []
  await run('mount', ['-t', 'tmpfs', ...flags, 'tmpfs', place], { signal, timeout: limitMs })
}

/** Mounts a file system of huge pages of one size. */
// pkg/volume/emptydir/empty_dir.go setupHugepages
export async function mountHugePages(place: string, pageSize: string, signal: AbortSignal): Promise<void> {
  await run('mount', ['-t', 'hugetlbfs', '-o', `pagesize=${pageSize}`, 'nodev', place], { signal, timeout: limitMs })
}

/** Mounts a file system of a device or another machine. Rejects with what mount(8) says, as upstream tells it. */
// k8s.io/mount-utils/mount_linux.go doMount, MakeMountArgs
export async function mountFileSystem(
  type: string,
  device: string,
  place: string,
  options: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const flags = options.length > 0 ? ['-o', options.join(',')] : []
  const args = ['-t', type, ...flags, device, place]
  try {
    await run('mount', args, { signal, timeout: serverLimitMs })
  } catch (error) {
    signal.throwIfAborted()
    const { code, stdout = '', stderr = '', message } = error as Error & ExecError
    const why = typeof code === 'number' ? `exit status ${code}` : message
    const output = `${stdout}${stderr}`
    const told = `Mounting command: mount\nMounting arguments: ${args.join(' ')}\nOutput: ${output}`
    throw new Error(`mount failed: ${why}\n${told}\n`)
  }
}

/** Whether something is mounted at the place. */
export async function isMounted(place: string): Promise<boolean> {
  return (await mountsBelow(place)).includes(place)
}

/** Mounts what is at `source` at `place` too; `source` is taken as it is, links of /proc in it followed by the kernel. */
export async function bindMount(source: string, place: string, signal: AbortSignal): Promise<void> {
  await run('mount', ['--no-canonicalize', '--bind', source, place], { signal, timeout: limitMs })
}

export async function unmount(place: string, signal: AbortSignal): Promise<void> {
  await run('umount', [place], { signal, timeout: limitMs })
}
