import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { ComponentStatus } from '@kubets/shared/api/types/core-v1.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Encoded } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import type { Deps, RequestContext } from './context.ts'
import { listAnswer, objectAnswer } from './output.ts'

// pkg/registry/core/componentstatus/rest.go, for the one component this program talks to itself
export async function componentStatuses(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  const problem = await deps.registry.health()
  const etcd: ComponentStatus = {
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name: 'etcd-0' },
    conditions: [{ type: 'Healthy', status: problem === undefined ? 'True' : 'False', message: problem ?? 'ok' }],
  }
  const { name } = context.info
  if (name === '') return listAnswer(context, deps.clock, kind, { items: [encoded(etcd)], resourceVersion: '' })
  if (name !== 'etcd-0') throw notFound({ group: '', plural: 'componentstatuses' }, name)
  return objectAnswer(context, deps.clock, kind, encoded(etcd))
}

/** An object that is stored nowhere, for the functions that write answers. */
function encoded(object: KubeObject): Encoded {
  return { object, json: Buffer.from(JSON.stringify(object)), resourceVersion: '', form: (_, make) => make(object) }
}
