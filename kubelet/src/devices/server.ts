// Where device plugins announce themselves. pkg/kubelet/cm/devicemanager/plugin/v1beta1/server.go
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { serveSocket } from '../plugins/serve.ts'
import { registration } from './api.ts'

const socketName = 'kubelet.sock'

export interface RegisterRequest {
  version: string
  endpoint: string
  resource_name: string
}

/**
 * Serves in a folder until the signal aborts; `register` takes a plugin, or rejects with why not. Sockets that are there
 * go: plugins see by that that the kubelet has started again, and announce themselves.
 */
// devicemanager/manager.go CleanupPluginDirectory
export async function serveDeviceRegistration(
  folder: string,
  register: (request: RegisterRequest) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o750 })
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isSocket()) await rm(path.join(folder, entry.name), { force: true })
  }
  const take = async (request: RegisterRequest): Promise<object> => {
    await register(request)
    return {}
  }
  await serveSocket(path.join(folder, socketName), registration, { Register: take }, signal)
}
