import { expect } from 'vitest'
import { until } from '../../harness/until.ts'
import { configMap, type Case } from './versions.ts'

/** What is there is shown in every form, once or as it changes. */
export const outputCases: readonly Case[] = [
  {
    name: 'get -o wide, json, yaml, name, jsonpath, custom-columns, go-template',
    run: async (kubectl) => {
      await kubectl.run(['create', '-f', '-'], { input: configMap('shown', { a: '1' }, { form: 'any' }) })
      const get = (...args: string[]) => kubectl.run(['get', 'configmap', ...args])
      expect(await get('shown')).toMatch(/^NAME +DATA +AGE *\nshown +1 +\S+ *\n$/)
      expect(await get('-l', 'form=any', '--show-labels', '--no-headers')).toMatch(/^shown +1 +\S+ +form=any\n$/)
      expect(await get('-l', 'form', '-L', 'form')).toMatch(/^NAME +DATA +AGE +FORM\nshown +1 +\S+ +any\n$/)
      expect(await get('-l', 'form!=any,form')).toBe('')
      expect(JSON.parse(await get('shown', '-o', 'json'))).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } })
      expect(await get('shown', '-o', 'yaml')).toMatch(
        /^apiVersion: v1\ndata:\n {2}a: "1"\nkind: ConfigMap\nmetadata:\n/,
      )
      expect(await get('shown', '-o', 'name')).toBe('configmap/shown\n')
      expect(await get('shown', '-o', 'jsonpath={.data.a}')).toBe('1')
      expect(await get('shown', '-o', 'go-template={{.metadata.labels.form}}')).toBe('any')
      expect(await get('shown', '-o', 'custom-columns=N:.metadata.name,V:.data.a,X:.absent')).toMatch(
        /^N +V +X\nshown +1 +<none>\n$/,
      )
      const services = await kubectl.run(['get', '--all-namespaces', 'service,namespaces', '-o', 'wide'])
      expect(services).toMatch(/^NAMESPACE +NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR$/m)
      expect(services).toMatch(/^default +service\/kubernetes +ClusterIP +\S+ +<none> +443\/TCP +\S+ +<none>$/m)
      expect(services).toMatch(/^ +namespace\/kube-system +Active +\S+$/m)
    },
  },
  {
    name: 'get --sort-by and in pages',
    run: async (kubectl) => {
      for (const [name, value] of Object.entries({ 'page-b': '1', 'page-c': '2', 'page-a': '3' }))
        await kubectl.run(['create', '-f', '-'], { input: configMap(name, { value }, { pages: 'yes' }) })
      const names = (...args: string[]) =>
        kubectl.run(['get', 'configmap', '-l', 'pages', '-o', 'jsonpath={.items[*].metadata.name}', ...args])
      expect(await names()).toBe('page-a page-b page-c')
      expect(await names('--sort-by=.data.value')).toBe('page-b page-c page-a')
      expect(await names('--chunk-size=1')).toBe('page-a page-b page-c')
    },
  },
  {
    name: 'get -w prints changes as they come',
    run: async (kubectl) => {
      const watcher = kubectl.background(['get', 'configmap', '-l', 'watched=yes', '-w', '--output-watch-events'])
      const seen = (what: string, pattern: RegExp) =>
        until(what, async () => (pattern.test(watcher.output()) ? true : undefined))
      try {
        await kubectl.run(['create', '-f', '-'], { input: configMap('watched', { a: '1' }, { watched: 'yes' }) })
        await seen('the new object', /^ADDED +watched +1 /m)
        await kubectl.run(['patch', 'configmap', 'watched', '-p', '{"data":{"b":"2"}}'])
        await seen('its change', /^MODIFIED +watched +2 /m)
        await kubectl.run(['delete', 'configmap', 'watched'])
        await seen('its end', /^DELETED +watched +2 /m)
      } finally {
        await watcher.stop()
      }
    },
  },
  {
    name: 'wait for a condition, and for the end',
    run: async (kubectl) => {
      const late = await kubectl.try(['wait', '--for=condition=Never', 'namespace', kubectl.namespace, '--timeout=1s'])
      expect(late.stderr).toContain('timed out waiting for the condition')
      await kubectl.run(['create', '-f', '-'], { input: configMap('awaited', {}) })
      const waiting = kubectl.run(['wait', '--for=delete', 'configmap/awaited', '--timeout=60s'])
      // an end that came before it looked is nothing to wait for, to the old one
      const ended = waiting.then(String, (error: Error) => error.message)
      await kubectl.run(['delete', 'configmap', 'awaited'])
      expect(await ended).toMatch(/condition met|not found|no matching resources found|^$/)
    },
  },
  {
    name: 'wait for a value',
    since: 24,
    run: async (kubectl) => {
      await kubectl.run(['create', '-f', '-'], { input: configMap('valued', { a: '1' }) })
      const waiting = kubectl.run(['wait', '--for=jsonpath={.data.a}=2', 'configmap/valued', '--timeout=60s'])
      await kubectl.run(['patch', 'configmap', 'valued', '-p', '{"data":{"a":"2"}}'])
      expect(await waiting).toBe('configmap/valued condition met\n')
    },
  },
  {
    name: 'get and patch of a subresource',
    since: 32,
    run: async (kubectl) => {
      await kubectl.run(['create', 'quota', 'sub', '--hard=configmaps=1000'])
      const patch = '{"status":{"hard":{"configmaps":"999"}}}'
      await kubectl.run(['patch', 'quota', 'sub', '--subresource=status', '--type=merge', '-p', patch])
      expect(await kubectl.run(['get', 'quota', 'sub', '--subresource=status', '-o', 'name'])).toBe(
        'resourcequota/sub\n',
      )
    },
  },
  {
    name: 'events of an object',
    run: async (kubectl) => {
      await kubectl.run(['create', '-f', '-'], { input: configMap('of-event', {}) })
      const uid = await kubectl.run(['get', 'configmap', 'of-event', '-o', 'jsonpath={.metadata.uid}'])
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'told' },
        involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', namespace: kubectl.namespace, name: 'of-event', uid },
        reason: 'Told',
        message: 'it happened',
        type: 'Warning',
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        count: 3,
      }
      await kubectl.run(['create', '-f', '-'], { input: event })
      const selector = '--field-selector=involvedObject.name=of-event,type=Warning'
      expect(await kubectl.run(['get', 'events', selector, '--no-headers'])).toMatch(
        /^\S+ +Warning +Told +configmap\/of-event +it happened\n$/,
      )
      expect(await kubectl.run(['describe', 'configmap', 'of-event'])).toMatch(/^ +Warning +Told +.*it happened$/m)
      if (kubectl.minor >= 26)
        expect(await kubectl.run(['events', '--for=configmap/of-event', '--no-headers'])).toMatch(
          /^\S.* +Warning +Told +ConfigMap\/of-event +it happened\n$/,
        )
    },
  },
]
