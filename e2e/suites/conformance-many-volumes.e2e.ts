import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { shell, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

// the numbers of test/e2e/storage/empty_dir_wrapper.go
const configMaps = 50
const replicas = 5
const rounds = 3

/** Pods with very many volumes, several at the same time. */
describe('Pods with fifty ConfigMaps', () => {
  let ns: Namespace
  beforeAll(async () => {
    ns = await makeNamespace('many-volumes')
    for (let index = 0; index < configMaps; index++) {
      const name = `racey-configmap-${String(index)}`
      await ns.create('configmaps', { metadata: { name }, data: { 'data-1': `value-${String(index)}\n` } })
    }
  })
  afterAll(() => removeNamespace(ns))

  it(`have them all, again and again${covers('EmptyDir Wrapper Volume, ConfigMap volumes, no race')}`, async () => {
    const names = Array.from({ length: configMaps }, (_, index) => `racey-configmap-${String(index)}`)
    for (let round = 0; round < rounds; round++) {
      const name = `wrapped-volume-race-${String(round)}`
      await ns.create('replicationcontrollers', {
        metadata: { name },
        spec: {
          replicas,
          selector: { name },
          template: {
            metadata: { labels: { name } },
            spec: {
              terminationGracePeriodSeconds: 1,
              volumes: names.map((one) => ({
                name: one,
                configMap: { name: one, items: [{ key: 'data-1', path: 'data-1' }] },
              })),
              containers: [
                {
                  name: 'test-container',
                  ...shell('sleep 10000'),
                  volumeMounts: names.map((one) => ({ name: one, mountPath: `/etc/config-${one.slice(16)}` })),
                },
              ],
            },
          },
        },
      })
      const pods = await until(
        'all Pods to run',
        async () => {
          const all = await ns.list<Pod>('pods', `name=${name}`)
          return all.length === replicas && all.every(({ status }) => status.phase === 'Running') ? all : undefined
        },
        300_000,
      )
      expect(pods.map(({ status }) => status.containerStatuses?.[0]?.restartCount)).toEqual(pods.map(() => 0))
      const script = 'cat /etc/config-*/data-1 | sort | uniq | wc -l'
      const said = await ns.kubectl(['exec', pods[0]?.metadata.name ?? '', '--', 'sh', '-c', script])
      expect(said).toBe(`${String(configMaps)}\n`)
      await ns.kubectl(['delete', 'replicationcontroller', name, '--cascade=foreground', '--timeout=110s'], {
        timeoutMs: 120_000,
      })
    }
  }, 600_000)
})
