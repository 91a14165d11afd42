import { existsSync } from 'node:fs'
import { run, which } from '../run.ts'

/** Something the machine must have: how to see that it is there, and what brings it. */
export interface Need {
  readonly name: string
  /** Debian and Ubuntu package that brings it. */
  readonly package: string
  /** How to get it where apt may not be used. */
  readonly hint: string
  present(): Promise<boolean>
}

const command = (name: string, pkg: string, hint: string): Need => ({
  name,
  package: pkg,
  hint,
  present: async () => (await which(name)) !== undefined || existsSync(`/usr/sbin/${name}`),
})

/** A busybox that needs no libraries: the base images hold nothing else. */
const staticBusybox: Need = {
  name: 'busybox (statically linked)',
  package: 'busybox-static',
  hint: 'a statically linked busybox at /bin/busybox',
  present: async () => {
    if (!existsSync('/bin/busybox')) return false
    const linked = await run('ldd', ['/bin/busybox'])
    return linked.code !== 0
  },
}

/** All that `up` needs of the machine, in the order it is installed. kubectl is apart: see kubectl.ts. */
export const needs: readonly Need[] = [
  command('dockerd', 'docker.io', 'Docker Engine 20.10 or newer: https://docs.docker.com/engine/install/'),
  command('docker', 'docker.io', 'the docker command: https://docs.docker.com/engine/install/'),
  command('etcd', 'etcd-server', 'etcd 3.4 or newer: https://etcd.io/docs/latest/install/'),
  command('iptables', 'iptables', 'iptables from your distribution'),
  command('ip', 'iproute2', 'iproute2 from your distribution'),
  command('conntrack', 'conntrack', 'conntrack-tools from your distribution'),
  command('mount', 'mount', 'util-linux from your distribution'),
  staticBusybox,
]
