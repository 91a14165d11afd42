import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, removeNamespace, type Namespace, nodes } from '../harness/namespace.ts'
import { isReady, outputOf, podUntil, shell, startPod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

describe.concurrent('a volume of', () => {
  let ns: Namespace
  let count = 0
  const next = (): string => `d${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('downward')
  })
  afterAll(() => removeNamespace(ns))

  describe.concurrent.each([
    [
      'the downward API',
      'DownwardAPI volume',
      'default node allocatable',
      '[sig-storage] Downward API volume',
      (downwardAPI: object) => ({ downwardAPI }),
    ],
    [
      'the downward API, projected,',
      'Projected Volume, DownwardAPI',
      'node allocatable',
      '[sig-storage] Projected downwardAPI',
      (downwardAPI: { defaultMode?: number; items: object[] }) => ({
        projected: { defaultMode: downwardAPI.defaultMode, sources: [{ downwardAPI: { items: downwardAPI.items } }] },
      }),
    ],
  ] as [string, string, string, string, (source: { defaultMode?: number; items: object[] }) => object][])(
    '%s',
    (_what, entry, allocatable, codename, volume) => {
      const resourceItem = (resource: string, divisor?: string): object => ({
        path: 'file',
        resourceFieldRef: { containerName: 'main', resource, divisor },
      })
      const nameItem = { path: 'file', fieldRef: { fieldPath: 'metadata.name' } }
      const read = (
        pod: string,
        source: { defaultMode?: number; items: object[] },
        resources?: object,
      ): Promise<string> =>
        outputOf(ns, pod, {
          volumes: [{ name: 'info', ...volume(source) }],
          containers: [
            {
              name: 'main',
              ...shell('cat /info/file; stat -L -c " %a" /info/file'),
              resources,
              volumeMounts: [{ name: 'info', mountPath: '/info' }],
            },
          ],
        })
      const resources = { limits: { cpu: '1250m', memory: '64Mi' }, requests: { cpu: '50m', memory: '32Mi' } }

      for (const [name, resource, divisor, value] of [
        ['CPU limits', 'limits.cpu', undefined, '2'],
        ['CPU request', 'requests.cpu', '1m', '50'],
        ['memory limits', 'limits.memory', undefined, String(64 * 1024 * 1024)],
        ['memory request', 'requests.memory', '1Mi', '32'],
      ] as const)
        it(`tells ${name}${covers(`${entry}, ${name}`)}`, async () => {
          expect(await read(next(), { items: [resourceItem(resource, divisor)] }, resources)).toBe(`${value} 644\n`)
        })

      it(`tells what the node has where there is no limit${covers(`${entry}, CPU limit, ${allocatable}`, `${entry}, memory limit, ${allocatable}`)}`, async () => {
        const all = (await nodes()).flatMap((node) => (node.status.allocatable ? [node.status.allocatable] : []))
        const cpu = (await read(next(), { items: [resourceItem('limits.cpu', '1m')] })).replace(' 644\n', '')
        expect(all.map((one) => (one.cpu.endsWith('m') ? one.cpu.slice(0, -1) : `${one.cpu}000`))).toContain(cpu)
        const memory = (await read(next(), { items: [resourceItem('limits.memory', '1Ki')] })).replace(' 644\n', 'Ki')
        expect(all.map((one) => one.memory)).toContain(memory)
      })

      it(`tells the Pod's name${covers(`${entry}, pod name`)}`, async () => {
        const pod = next()
        expect(await read(pod, { items: [nameItem] })).toBe(`${pod} 644\n`)
      })

      it(`has a default mode${covers(`${codename} should set DefaultMode on files [LinuxOnly] [Conformance] [NodeConformance]`)}`, async () => {
        const pod = next()
        expect(await read(pod, { defaultMode: 0o400, items: [nameItem] })).toBe(`${pod} 400\n`)
      })

      it(`has modes of files${covers(`${codename} should set mode on item file [LinuxOnly] [Conformance] [NodeConformance]`)}`, async () => {
        const pod = next()
        expect(await read(pod, { items: [{ ...nameItem, mode: 0o400 }] })).toBe(`${pod} 400\n`)
      })

      it(`follows labels and annotations${covers(
        `${codename} should update labels on modification [Conformance] [NodeConformance]`,
        `${codename} should update annotations on modification [Conformance] [NodeConformance]`,
      )}`, async () => {
        const pod = next()
        const fields = ['labels', 'annotations']
        await startPod(
          ns,
          pod,
          {
            volumes: [
              {
                name: 'info',
                ...volume({ items: fields.map((path) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } })) }),
              },
            ],
            containers: [
              { name: 'main', ...shell('sleep 1000'), volumeMounts: [{ name: 'info', mountPath: '/info' }] },
            ],
          },
          { labels: { key1: 'value1' }, annotations: { builder: 'bar' } },
        )
        await podUntil(ns, pod, 'to be ready', isReady)
        const files = (): Promise<string> =>
          ns.kubectl(['exec', pod, '--', 'sh', '-c', 'cat /info/labels; echo; cat /info/annotations'])
        expect(await files()).toBe(`key1="value1"\npod="${pod}"\nbuilder="bar"`)
        await ns.kubectl(['label', 'pod', pod, 'key3=value3'])
        await ns.kubectl(['annotate', 'pod', pod, '--overwrite', 'builder=foo'])
        await until(
          'the files to follow',
          async () => {
            const now = await files()
            return now.includes('key3="value3"') && now.includes('builder="foo"') ? true : undefined
          },
          150_000,
        )
      })
    },
  )
})
