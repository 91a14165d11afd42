import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api } from '../harness/api.ts'
import { define, definition, type Defined } from '../harness/custom-resources.ts'
import { kubectl } from '../harness/kubectl.ts'
import { until } from '../harness/until.ts'

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

interface GroupDiscoveryList {
  readonly kind: string
  readonly items: readonly {
    readonly metadata: { readonly name?: string }
    readonly versions: readonly {
      readonly version: string
      readonly freshness: string
      readonly resources: readonly {
        readonly resource: string
        readonly scope: string
        readonly responseKind: { readonly kind: string }
      }[]
    }[]
  }[]
}

/** What upstream's test looks for: group, version and resource. */
const expected = `
admissionregistration.k8s.io/v1/validatingwebhookconfigurations
apiextensions.k8s.io/v1/customresourcedefinitions
apiregistration.k8s.io/v1/apiservices
apps/v1/deployments
authentication.k8s.io/v1/tokenreviews
authorization.k8s.io/v1/selfsubjectaccessreviews
autoscaling/v1/horizontalpodautoscalers
autoscaling/v2/horizontalpodautoscalers
batch/v1/jobs
certificates.k8s.io/v1/certificatesigningrequests
coordination.k8s.io/v1/leases
discovery.k8s.io/v1/endpointslices
events.k8s.io/v1/events
networking.k8s.io/v1/ingresses
node.k8s.io/v1/runtimeclasses
policy/v1/poddisruptionbudgets
scheduling.k8s.io/v1/priorityclasses
storage.k8s.io/v1/csinodes`
  .trim()
  .split('\n')

const resourcesIn = ({ items }: GroupDiscoveryList): string[] =>
  items.flatMap(({ metadata, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map(({ resource }) => `${metadata.name ?? ''}/${version}/${resource}`),
    ),
  )

/** Discovery in one document, OpenAPI, and what kubectl makes of them. */
describe.concurrent('discovery', () => {
  let api: Api
  const made: Defined[] = []
  beforeAll(async () => {
    api = await connect()
  })
  afterAll(async () => {
    await Promise.all(made.map((one) => one.remove()))
  })
  const aggregated = (path: string) => api.send<GroupDiscoveryList>('GET', path, undefined, { accept })
  const clientGo = [accept, accept.replace('v=v2', 'v=v2beta1'), 'application/json'].join()
  const asClientGo = async (): Promise<GroupDiscoveryList[]> => {
    const both = await Promise.all(
      ['/api', '/apis'].map((path) => api.send<GroupDiscoveryList>('GET', path, undefined, { accept: clientGo })),
    )
    return both.map(({ body }) => body)
  }
  /** Defines a namespaced kind; "GROUP/v1/PLURAL" is what to look for. */
  const customResource = async (): Promise<string> => {
    const crd = await define(api, definition('discovered', [{ name: 'v1' }], { scope: 'Namespaced' }))
    made.push(crd)
    return `${crd.group}/v1/${crd.plural}`
  }

  it(`is one document for those who accept it${covers('Aggregated Discovery Endpoint Accept Headers')}`, async () => {
    const groups = await aggregated('/apis')
    expect([groups.code, groups.body.kind]).toEqual([200, 'APIGroupDiscoveryList'])
    expect(resourcesIn(groups.body)).toEqual(expect.arrayContaining(expected))
    const core = await aggregated('/api')
    expect(resourcesIn(core.body)).toContain('/v1/namespaces')
  })

  it(`says what client-go makes its groups and resources of${covers('Aggregated Discovery Interface')}`, async () => {
    const lists = await asClientGo()
    expect(lists.flatMap(resourcesIn)).toEqual(expect.arrayContaining([...expected, '/v1/namespaces']))
    for (const { items } of lists) {
      expect(items.length).toBeGreaterThan(0)
      for (const { freshness, resources } of items.flatMap(({ versions }) => versions)) {
        expect(freshness).toMatch(/^(Current|Stale)$/)
        for (const { resource, scope, responseKind } of resources) {
          expect(resource).not.toBe('')
          expect(scope).toMatch(/^(Namespaced|Cluster)$/)
          expect(responseKind.kind).not.toBe('')
        }
      }
    }
  })

  it(`has custom resources in that document${covers('Aggregated Discovery Endpoint Accept Headers CRDs')}`, async () => {
    const resource = await customResource()
    await until(`${resource} to be discovered`, async () =>
      resourcesIn((await aggregated('/apis')).body).includes(resource) ? true : undefined,
    )
  })

  it(`has custom resources among client-go's${covers('Aggregated Discovery Interface CRDs')}`, async () => {
    const resource = await customResource()
    await until(`${resource} to be discovered`, async () =>
      (await asClientGo()).flatMap(resourcesIn).includes(resource) ? true : undefined,
    )
  })

  it('lets kubectl list and explain kinds, by both versions of OpenAPI', async () => {
    // kubectl fails while any server of a group is away, as those of suites alongside may be
    const listed = await until('every group to answer', () => kubectl(['api-resources', '-o', 'name']))
    expect(listed.trim().split('\n')).toEqual(
      expect.arrayContaining(['pods', 'deployments.apps', 'customresourcedefinitions.apiextensions.k8s.io']),
    )
    expect(await kubectl(['explain', 'pods', '--recursive'])).toContain('metadata\t<ObjectMeta>')
    expect(await kubectl(['explain', 'deployments', '--output=plaintext-openapiv2'])).toContain('apiVersion\t<string>')
    expect(await kubectl(['explain', 'pods.spec.containers.image'])).toContain('FIELD: image <string>')
  })
})
