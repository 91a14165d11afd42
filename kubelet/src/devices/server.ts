// Where device plugins announce themselves. pkg/kubelet/cm/devicemanager/plugin/v1beta1/server.go
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import * as grpc from '@grpc/grpc-js'
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
  const server = new grpc.Server()
  const take: grpc.handleUnaryCall<RegisterRequest, object> = ({ request }, answer) => {
    void register(request).then(
      () => answer(null, {}),
      (error: unknown) => answer({ code: grpc.status.UNKNOWN, details: (error as Error).message }),
    )
  }
  server.addService(registration.service, { Register: take })
  const socket = path.join(folder, socketName)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) reject(error)
    else resolve()
  })
  await promise
  await chmod(socket, 0o700)
  signal.addEventListener('abort', () => server.forceShutdown(), { once: true })
  if (signal.aborted) server.forceShutdown()
}
