import { readFile, writeFile } from 'node:fs/promises'

/** Kernel settings by name ("net.ipv4.conf.all.route_localnet"). */
export type Settings = Readonly<Record<string, string>>

const path = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`

/** Access to the kernel's settings. */
export interface Sysctls {
  /** The setting's value; undefined where the kernel does not have it. */
  read(name: string): Promise<string | undefined>
  /** Throws where the kernel refuses. */
  write(name: string, value: string): Promise<void>
}

/** The settings of the namespace that this process lives in. */
export const procSysctls: Sysctls = {
  read: (name) =>
    readFile(path(name), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    ),
  write: (name, value) => writeFile(path(name), value),
}

/** Sets what differs; a read-only setting that already holds its value is left alone. */
export async function writeSettings(sysctls: Sysctls, settings: Settings): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    if ((await sysctls.read(name)) !== value) await sysctls.write(name, value)
  }
}

/** "a=1 b=0", to be kept in a rule's comment. */
export function settingsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

/** The inverse of settingsText. */
export function parseSettings(text: string): Settings {
  const pairs = text.split(' ').map((pair) => pair.split('='))
  return Object.fromEntries(pairs.flatMap(([name, value]) => (name && value !== undefined ? [[name, value]] : [])))
}
