import * as grpc from '@grpc/grpc-js'
import { loadService } from './grpc.ts'

export interface TestPlugin {
  type: string
  name: string
  endpoint?: string
  versions?: string[]
}

/** A running server on a socket of a plugin. */
export interface TestServer {
  /** Ends it; its socket goes. */
  stop(): void
}

/** What the plugin was told of its registration. */
export interface Notified {
  plugin_registered: boolean
  error: string
}

/** Serves on a unix socket until it is stopped. */
export async function serveOn(
  socket: string,
  services: readonly (readonly [grpc.ServiceClientConstructor, grpc.UntypedServiceImplementation])[],
): Promise<TestServer> {
  const server = new grpc.Server()
  for (const [service, implementation] of services) server.addService(service.service, implementation)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) reject(error)
    else resolve()
  })
  await promise
  return { stop: () => server.forceShutdown() }
}

/** A plugin's registration service, and what it was told. */
export async function serveRegistration(
  socket: string,
  { type, name, endpoint = '', versions = ['1.0.0'] }: TestPlugin,
): Promise<TestServer & { notified: Notified[] }> {
  const notified: Notified[] = []
  const service = loadService(new URL('registration.proto', import.meta.url), 'pluginregistration.Registration')
  const getInfo: grpc.handleUnaryCall<object, object> = (_, answer) =>
    answer(null, { type, name, endpoint, supported_versions: versions })
  const notify: grpc.handleUnaryCall<Notified, object> = ({ request }, answer) => {
    notified.push(request)
    answer(null, {})
  }
  const server = await serveOn(socket, [[service, { GetInfo: getInfo, NotifyRegistrationStatus: notify }]])
  return { notified, stop: () => server.stop() }
}
