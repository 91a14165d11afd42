import { expect } from 'vitest'
import { connect } from '../../harness/api.ts'
import { define, definition } from '../../harness/custom-resources.ts'
import { fetchText } from '../../harness/http.ts'
import { until } from '../../harness/until.ts'
import type { Case } from './versions.ts'

/** What the API server says of itself. */
export const discoveryCases: readonly Case[] = [
  {
    name: 'version, cluster-info, api-versions, api-resources',
    run: async (kubectl) => {
      expect(await kubectl.run(['version', '-o', 'json'])).toMatch(/"gitVersion": "v1\.36\./)
      expect(await kubectl.run(['cluster-info'])).toMatch(/Kubernetes control plane.* is running at .*https:\/\//)
      const versions = (await kubectl.run(['api-versions'])).split('\n')
      for (const one of ['v1', 'apps/v1', 'batch/v1', 'rbac.authorization.k8s.io/v1', 'autoscaling/v2'])
        expect(versions).toContain(one)
      const wide = await kubectl.run(['api-resources', '-o', 'wide', '--no-headers'])
      expect(wide).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment +.*create.*watch/m)
      expect(wide).toMatch(/^nodes +no +v1 +false +Node /m)
      const apps = await kubectl.run(['api-resources', '--api-group=apps', '--verbs=list,watch', '-o', 'name'])
      expect(apps.trim().split('\n').toSorted()).toEqual(
        ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'].map(
          (name) => `${name}.apps`,
        ),
      )
      expect(await kubectl.run(['get', '--raw', '/readyz'])).toBe('ok')
    },
  },
  {
    name: 'explain of built-in kinds, also --recursive and of another version',
    run: async (kubectl) => {
      const pod = await kubectl.run(['explain', 'pods'])
      expect(pod).toMatch(/^KIND: +Pod\nVERSION: +v1\n/)
      expect(pod).toContain('Pod is a collection of containers that can run on a host.')
      expect(pod).toMatch(/^ +spec\t<(Object|PodSpec)>$/m)
      expect(await kubectl.run(['explain', 'deployment.spec.replicas'])).toContain('replicas <integer>')
      const all = await kubectl.run(['explain', 'configmaps', '--recursive'])
      for (const field of ['data\t<map[string]string>', 'immutable\t<boolean>', 'ownerReferences\t<[]'])
        expect(all).toContain(field)
      const old = await kubectl.run(['explain', 'hpa.spec', '--api-version=autoscaling/v1'])
      expect(old).toContain('targetCPUUtilizationPercentage')
      expect((await kubectl.try(['explain', 'pods.spec.absent'])).stderr).toContain('field "absent" does not exist')
      expect((await kubectl.try(['explain', 'absents'])).stderr).toContain(`doesn't have a resource type "absents"`)
    },
  },
  {
    name: 'a kind of somebody else: explain, columns, validation, scale, patch',
    run: async (kubectl) => {
      const field = (type: string, description: string, more = {}) => ({ type, description, ...more })
      const gadget = await define(
        await connect(),
        definition(
          `gadget${String(kubectl.minor)}`,
          [
            {
              name: 'v1',
              subresources: {
                status: {},
                scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' },
              },
              additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
              schema: {
                type: 'object',
                description: 'A gadget does things.',
                properties: {
                  spec: field('object', 'What it should be.', {
                    properties: {
                      size: field('integer', 'How big.', { minimum: 1 }),
                      count: field('integer', 'How many.'),
                    },
                  }),
                  status: { type: 'object', properties: { count: { type: 'integer' } } },
                },
              },
            },
          ],
          { scope: 'Namespaced' },
        ),
      )
      try {
        const { plural, kind, group } = gadget
        const object = (spec: object) => ({ apiVersion: `${group}/v1`, kind, metadata: { name: 'g' }, spec })
        // what the server publishes follows a moment later
        await until('the kind to be explained', async () => {
          expect(await kubectl.run(['explain', plural])).toContain('A gadget does things.')
          return true
        })
        expect(await kubectl.run(['explain', `${plural}.spec.size`])).toMatch(/size <integer>[^]*How big\./)
        expect(await kubectl.run(['explain', plural, '--recursive'])).toMatch(
          /^ +spec\t<Object>\n +count\t<integer>\n/m,
        )
        await kubectl.run(['apply', '-f', '-'], { input: object({ size: 3, count: 1 }) })
        expect(await kubectl.run(['get', plural])).toMatch(/^NAME +SIZE\ng +3\n$/)
        await kubectl.run(['scale', `${plural}/g`, '--replicas=4'])
        expect(await kubectl.run(['get', plural, 'g', '-o', 'jsonpath={.spec.count}'])).toBe('4')
        const unknown = await kubectl.try(['apply', '-f', '-'], { input: object({ sice: 3 }) })
        expect(unknown.stderr).toMatch(/unknown field ("sice" in .*\.spec|"spec\.sice")/)
        const patch = (type: string, size: number) =>
          kubectl.try(['patch', plural, 'g', `--type=${type}`, '-p', JSON.stringify({ spec: { size } })])
        expect((await patch('merge', 0)).stderr).toContain('spec.size in body should be greater than or equal to 1')
        expect((await patch('strategic', 5)).stderr).toContain('the body of the request was in an unknown format')
        expect((await patch('merge', 5)).code).toBe(0)
        expect(await kubectl.run(['describe', plural, 'g'])).toMatch(/^ +Size: +5$/m)
      } finally {
        await gadget.remove()
      }
    },
  },
  {
    name: 'auth can-i, for oneself and others, and as a list',
    run: async (kubectl) => {
      expect(await kubectl.run(['auth', 'can-i', 'create', 'deployments'])).toBe('yes\n')
      expect(await kubectl.try(['auth', 'can-i', 'list', 'pods', '--as=nobody'])).toMatchObject({
        code: 1,
        stdout: 'no\n',
      })
      await kubectl.run(['create', 'role', 'reader', '--verb=get,list', '--resource=pods,pods/log'])
      await kubectl.run(['create', 'rolebinding', 'reader', '--role=reader', '--user=reader'])
      await until('the binding to count', async () => {
        const { stdout } = await kubectl.try(['auth', 'can-i', 'get', 'pods', '--subresource=log', '--as=reader'])
        return stdout === 'yes\n' ? true : undefined
      })
      const list = await kubectl.run(['auth', 'can-i', '--list', '--as=reader'])
      expect(list).toMatch(/^pods\/log +\[\] +\[\] +\[get list\]$/m)
      expect(list).toMatch(/^ +\[\/healthz\] +\[\] +\[get\]$/m)
      const refused = await kubectl.try(['get', 'secrets', '--as=reader'])
      expect(refused.stderr).toContain(
        `secrets is forbidden: User "reader" cannot list resource "secrets" in API group "" in the namespace "${kubectl.namespace}"`,
      )
    },
  },
  {
    name: 'auth whoami',
    since: 28,
    run: async (kubectl) => {
      expect(await kubectl.run(['auth', 'whoami', '--as=jane', '--as-group=staff'])).toMatch(
        /^Username +jane\nGroups +\[staff system:authenticated\]$/m,
      )
    },
  },
  {
    name: 'top says that there are no metrics',
    run: async (kubectl) => {
      for (const what of ['nodes', 'pods'])
        expect(await kubectl.try(['top', what])).toMatchObject({
          code: 1,
          stderr: 'error: Metrics API not available\n',
        })
    },
  },
  {
    name: 'proxy passes requests on',
    run: async (kubectl) => {
      const proxy = kubectl.background(['proxy', '--port=0'])
      try {
        const port = await until('its port', async () => /127\.0\.0\.1:(\d+)/.exec(proxy.output())?.[1])
        const text = await fetchText(`http://127.0.0.1:${port}/api/v1/namespaces/${kubectl.namespace}`)
        expect(JSON.parse(text)).toMatchObject({ kind: 'Namespace', metadata: { name: kubectl.namespace } })
      } finally {
        await proxy.stop()
      }
    },
  },
]
