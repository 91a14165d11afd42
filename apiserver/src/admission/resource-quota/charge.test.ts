import { describe, expect, it } from 'vitest'
import { listOf } from '@kubets/shared/api/quota/amounts.ts'
import type { QuotaWrite } from '@kubets/shared/api/quota/evaluator.ts'
import { evaluatorOf } from '@kubets/shared/api/quota/evaluators.ts'
import { noDevices } from '@kubets/shared/api/quota/resource-claims.ts'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { accountOf, charge } from './charge.ts'

type List = Record<string, string>

const quota = (name: string, hard: List, used: List, spec: ResourceQuota['spec'] = {}): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name },
  spec,
  status: { hard, used },
})

const object = (rest: object): KubeObject => ({ apiVersion: 'v1', kind: '', metadata: {}, ...rest }) as KubeObject
const pod = (requests?: List, spec: object = {}): KubeObject =>
  object({ spec: { containers: [{ name: 'c', resources: requests ? { requests } : {} }], ...spec } })
const service = (type: string, ports = 1): KubeObject =>
  object({ spec: { type, ports: Array.from({ length: ports }, (_, i) => ({ port: i + 1 })) } })

const create = (made: KubeObject): QuotaWrite => ({ operation: 'CREATE', subresource: '', object: made })
const update = (old: KubeObject, made: KubeObject, subresource = ''): QuotaWrite => ({
  operation: 'UPDATE',
  subresource,
  object: made,
  old,
})

/** What is used of each quota then, or the refusal. */
const outcome = (plural: string, write: QuotaWrite, ...quotas: ResourceQuota[]): List[] | string => {
  const evaluator = evaluatorOf('', plural, noDevices)
  if (!evaluator) throw new Error(`${plural} is not counted`)
  const result = charge(quotas.map(accountOf), write, evaluator, 0)
  return 'refusal' in result ? result.refusal : result.accounts.map(({ used }) => listOf(used))
}

describe('charge', () => {
  const cases: { name: string; got: List[] | string; want: List[] | string }[] = [
    {
      name: 'counts a Pod',
      got: outcome('pods', create(pod()), quota('q', { pods: '2' }, { pods: '1' })),
      want: [{ pods: '2' }],
    },
    {
      name: 'refuses one too many, as clients expect it to be said',
      got: outcome('pods', create(pod()), quota('q', { pods: '2' }, { pods: '2' })),
      want: 'exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
    },
    {
      name: 'names only what is exceeded, in order',
      got: outcome(
        'pods',
        create(pod({ cpu: '600m', memory: '1Gi' })),
        quota('q', { cpu: '1', pods: '5', memory: '1Gi' }, { cpu: '500m', pods: '1', memory: '512Mi' }),
      ),
      want: 'exceeded quota: q, requested: cpu=600m,memory=1Gi, used: cpu=500m,memory=512Mi, limited: cpu=1,memory=1Gi',
    },
    {
      name: 'demands what the quota counts',
      got: outcome(
        'pods',
        create(pod()),
        quota('q', { 'requests.cpu': '1', pods: '1' }, { 'requests.cpu': '0', pods: '0' }),
      ),
      want: 'failed quota: q: must specify requests.cpu for: c',
    },
    {
      name: 'waits for the controller to count',
      got: outcome('pods', create(pod()), quota('q', { pods: '2', 'count/pods': '3' }, {})),
      want: 'status unknown for quota: q, resources: count/pods,pods',
    },
    {
      name: 'passes a quota the controller has not seen',
      got: outcome('pods', create(pod()), { ...quota('q', {}, {}), spec: { hard: { pods: '0' } } }),
      want: [{}],
    },
    {
      name: 'passes quotas of other resources',
      got: outcome('configmaps', create(object({})), quota('q', { pods: '0' }, { pods: '0' })),
      want: [{ pods: '0' }],
    },
    {
      name: 'fits all quotas or none',
      got: outcome(
        'pods',
        create(pod()),
        quota('wide', { pods: '9' }, { pods: '1' }),
        quota('narrow', { pods: '1' }, { pods: '1' }),
      ),
      want: 'exceeded quota: narrow, requested: pods=1, used: pods=1, limited: pods=1',
    },
    {
      name: 'looks at scopes',
      got: outcome(
        'pods',
        create(pod()),
        quota('best', { pods: '5' }, { pods: '1' }, { scopes: ['BestEffort'] }),
        quota('rest', { pods: '5' }, { pods: '1' }, { scopes: ['NotBestEffort'] }),
      ),
      want: [{ pods: '2' }, { pods: '1' }],
    },
    {
      name: 'charges the difference of an update',
      got: outcome(
        'services',
        update(service('ClusterIP'), service('NodePort', 2)),
        quota('q', { services: '1', 'services.nodeports': '2' }, { services: '1', 'services.nodeports': '0' }),
      ),
      want: [{ services: '1', 'services.nodeports': '2' }],
    },
    {
      name: 'refuses an update that uses more than there is',
      got: outcome(
        'services',
        update(service('ClusterIP'), service('NodePort', 2)),
        quota('q', { 'services.nodeports': '1' }, { 'services.nodeports': '0' }),
      ),
      want: 'exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
    },
    {
      name: 'leaves the release of an update to the controller, even of a quota that is overdrawn',
      got: outcome(
        'services',
        update(service('NodePort', 2), service('ClusterIP')),
        quota('q', { services: '0', 'services.nodeports': '1' }, { services: '1', 'services.nodeports': '2' }),
      ),
      want: [{ services: '1', 'services.nodeports': '2' }],
    },
    {
      name: 'charges all of what comes under another scope',
      got: outcome(
        'pods',
        update(pod(), pod({ cpu: '1' }), 'resize'),
        quota('q', { pods: '1', cpu: '1' }, { pods: '0', cpu: '0' }, { scopes: ['NotBestEffort'] }),
      ),
      want: [{ pods: '1', cpu: '1' }],
    },
    {
      name: 'lets status exceed: it has happened already',
      got: outcome(
        'persistentvolumeclaims',
        update(
          object({ spec: { resources: { requests: { storage: '1Gi' } } } }),
          object({
            spec: { resources: { requests: { storage: '1Gi' } } },
            status: { allocatedResources: { storage: '2Gi' } },
          }),
          'status',
        ),
        quota('q', { 'requests.storage': '1Gi' }, { 'requests.storage': '1Gi' }),
      ),
      want: [{ 'requests.storage': '2Gi' }],
    },
  ]
  for (const { name, got, want } of cases) it(name, () => expect(got).toEqual(want))
})
