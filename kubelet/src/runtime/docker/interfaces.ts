import type { NetworkInterfaceStats } from '../types.ts'

// cAdvisor container/libcontainer/handler.go ignoredDevicePrefixes
const left = ['lo', 'veth', 'docker']

/** What went through the network interfaces, by the text of a process's /proc/PID/net/dev. */
// proc_pid_net(5)
export function interfacesOf(text: string): NetworkInterfaceStats[] {
  return text.split('\n').flatMap((line): NetworkInterfaceStats[] => {
    const [, name, numbers] = /^ *([^: |]+): *(\d.*)$/.exec(line) ?? []
    if (name === undefined || left.some((prefix) => name.startsWith(prefix))) return []
    const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = (numbers ?? '').split(/ +/).map(Number)
    return [{ name, rxBytes, rxErrors, txBytes, txErrors }]
  })
}
