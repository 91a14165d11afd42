import { createServer } from 'node:net'
import { UserError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { isAlive } from './processes.ts'
import { readState } from './state.ts'

/** The ports of the programs on this machine. Those that no flag changes are upstream's. */
function portTable(settings: Settings): readonly (readonly [port: number, program: string])[] {
  return [
    [settings.etcdPort, 'etcd (--etcd-port)'],
    [settings.etcdPort + 1, 'etcd, its peers'],
    [settings.etcdPort + 2, 'etcd, its metrics'],
    [settings.securePort, 'apiserver (--secure-port)'],
    [10257, 'controller-manager'],
    [10259, 'scheduler'],
    [10250, 'kubelet'],
    [10248, 'kubelet, its health'],
    [10249, 'kube-proxy, its metrics'],
    [10256, 'kube-proxy, its health'],
  ]
}

/** @throws UserError that names each port somebody else holds. Programs of ours that a killed supervisor left behind do not count. */
export async function checkPorts(settings: Settings): Promise<void> {
  const before = await readState(settings.stateDir)
  const alive = await Promise.all((before?.programs ?? []).map(isAlive))
  if (alive.includes(true)) return
  const table = portTable(settings)
  const free = await Promise.all(table.map(([port]) => isFree(port)))
  const taken = table.filter((_row, index) => !free[index])
  if (taken.length === 0) return
  const lines = taken.map(([port, program]) => `  - ${String(port)}, for ${program}`)
  throw new UserError(
    [
      'These ports are taken by other programs of this machine:',
      ...lines,
      "Free them ('ss -ltnp' says who has them), or choose others by flag.",
    ].join('\n'),
  )
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
