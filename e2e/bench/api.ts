import type { Client } from '@kubets/shared/client/client.ts'
import type { ClientConfig } from '@kubets/shared/client/config.ts'
import { namespaces, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import { isAlreadyExists } from '@kubets/shared/machinery/errors.ts'
import { listRows } from './lists.ts'
import { memoryRows } from './memory.ts'
import { requestRows } from './requests.ts'
import type { Row } from './table.ts'
import { watchRows } from './watches.ts'

/** What the API server does alone, in a namespace of its own; none of it needs a node. About three minutes. */
export async function apiRows(config: ClientConfig, client: Client, namespace: string): Promise<Row[]> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} }, {})
  // Pods need one; where a controller makes it, that may have been quicker
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await client.create(serviceAccounts, account, { namespace }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
  return [
    ...(await requestRows(config, namespace)),
    ...(await watchRows(config, client, namespace)),
    ...(await listRows(client, namespace)),
    ...(await memoryRows(client, namespace)),
  ]
}
