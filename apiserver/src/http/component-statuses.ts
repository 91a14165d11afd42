import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { ComponentStatus } from '@kubets/shared/api/types/core-v1.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Encoded } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import { probeComponent, type Probed } from './component-probe.ts'
import type { Deps, RequestContext } from './context.ts'
import { listAnswer, objectAnswer } from './output.ts'

/** Who is asked how he is, where upstream has them: on this machine. */
// pkg/registry/core/rest/storage_core.go componentStatusStorage.serversToValidate
const servers: Readonly<Record<string, (context: RequestContext, deps: Deps) => Promise<Probed>>> = {
  'controller-manager': ({ signal }) => probeComponent(10257, signal),
  'etcd-0': etcd,
  scheduler: ({ signal }) => probeComponent(10259, signal),
}

async function etcd(_: RequestContext, { registry }: Deps): Promise<Probed> {
  const problem = await registry.health()
  return problem === undefined ? { status: 'True', message: 'ok' } : { status: 'False', error: problem }
}

// pkg/registry/core/componentstatus/rest.go
export async function componentStatuses(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  const { name } = context.info
  if (name === '') {
    const asked = Object.entries(servers).map(async ([server, probe]) => statusOf(server, await probe(context, deps)))
    const items = (await Promise.all(asked)).map(encoded)
    return listAnswer(context, deps.clock, kind, { items, resourceVersion: '' })
  }
  const probe = Object.hasOwn(servers, name) ? servers[name] : undefined
  if (probe === undefined) throw notFound({ group: '', plural: 'componentstatuses' }, name)
  return objectAnswer(context, deps.clock, kind, encoded(statusOf(name, await probe(context, deps))))
}

const statusOf = (name: string, probed: Probed): ComponentStatus => ({
  apiVersion: 'v1',
  kind: 'ComponentStatus',
  metadata: { name },
  conditions: [{ type: 'Healthy', ...probed }],
})

/** An object that is stored nowhere, for the functions that write answers. */
function encoded(object: KubeObject): Encoded {
  return { object, json: Buffer.from(JSON.stringify(object)), resourceVersion: '', form: (_, make) => make(object) }
}
