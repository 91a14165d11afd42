import { describe, expect, it } from 'vitest'
import { openApiComponents } from '../machinery/schema/openapi.ts'
import { loadDescriptions } from './descriptions.ts'
import { schemaFor } from './schemas.ts'

const core = 'io.k8s.api.core.v1'
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'

describe('openApiComponents', () => {
  const components = openApiComponents([schemaFor('apps', 'v1', 'Deployment'), schemaFor('', 'v1', 'DeleteOptions')], {
    groupVersions: [
      { group: '', version: 'v1' },
      { group: 'apps', version: 'v1' },
    ],
  })

  it('has every component that any refers to', () => {
    const references = JSON.stringify(components).matchAll(/"#\/components\/schemas\/([^"]+)"/g)
    const names = new Set([...references].map((match) => match[1] ?? ''))
    expect(names.size).toBeGreaterThan(100)
    expect([...names].filter((name) => !components[name])).toEqual([])
  })

  it('says what upstream says', () => {
    expect(components['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
      properties: {
        apiVersion: { type: 'string' },
        metadata: { allOf: [{ $ref: `#/components/schemas/${meta}.ObjectMeta` }], default: {} },
      },
    })
    expect(components['io.k8s.api.apps.v1.DeploymentSpec']).toMatchObject({
      required: ['selector', 'template'],
      properties: {
        replicas: { type: 'integer', format: 'int32' },
        selector: { $ref: `#/components/schemas/${meta}.LabelSelector` },
        strategy: { 'x-kubernetes-patch-strategy': 'retainKeys' },
      },
    })
    expect(components[`${core}.PodSpec`]).toMatchObject({
      properties: {
        containers: {
          type: 'array',
          items: { allOf: [{ $ref: `#/components/schemas/${core}.Container` }], default: {} },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-patch-merge-key': 'name',
          'x-kubernetes-patch-strategy': 'merge',
        },
        nodeSelector: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
      },
    })
    expect(components[`${meta}.LabelSelector`]).toMatchObject({ 'x-kubernetes-map-type': 'atomic' })
    expect(components['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toEqual({
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    })
    expect(components[`${meta}.DeleteOptions`]?.['x-kubernetes-group-version-kind']).toEqual([
      { group: '', version: 'v1', kind: 'DeleteOptions' },
      { group: 'apps', version: 'v1', kind: 'DeleteOptions' },
    ])
  })

  it('takes types that hold themselves', () => {
    const crd = openApiComponents([schemaFor('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')])
    const name = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'
    expect(crd[name]).toMatchObject({ properties: { not: { $ref: `#/components/schemas/${name}` } } })
    expect(crd[`${name}OrBool`]).toEqual({})
  })
})

describe('loadDescriptions', () => {
  it('finds types, fields, and kinds that share a name', async () => {
    const text = await loadDescriptions()
    expect(text(`${core}.Pod`)).toMatch(/^Pod is a collection of containers/)
    expect(text(`${core}.Container`, 'imagePullPolicy')).toMatch(/^Image pull policy\./)
    expect(text(`${core}.Event`)).toMatch(/^Event is a report of an event/)
    expect(text('io.k8s.api.rbac.v1.Subject', 'kind')).toMatch(/^Kind of object being referenced/)
    expect(text('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps', 'default')).toMatch(
      /^default is/,
    )
    expect(text('io.k8s.api.core.v1.Nothing')).toBeUndefined()
    const components = openApiComponents([schemaFor('', 'v1', 'Pod')], { describe: text })
    const pod = components[`${core}.Pod`] as { properties: Record<string, { description?: string }> }
    expect(pod.properties['spec']?.description).toBeUndefined()
    const spec = components[`${core}.PodSpec`] as typeof pod
    expect(spec.properties['nodeName']?.description).toMatch(/^NodeName indicates/)
  })
})
