import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { outputOf, podUntil, isReady, shell, startPod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

/** How one kind of source is written as a volume, alone or projected, and how its entries are called. */
interface Source {
  readonly what: string
  /** The volume with the object `name`'s keys in it; items map keys to paths. */
  volume(name: string, options: { mode?: number; items?: object[]; optional?: boolean }): object
  /** What to create for it. */
  object(name: string, data: Record<string, string>): object
}

const configMap = (name: string, data: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
const secret = (name: string, stringData: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})
const sources: Record<'configMap' | 'projectedConfigMap' | 'secret' | 'projectedSecret', Source> = {
  configMap: {
    what: 'a ConfigMap',
    volume: (name, { mode, items, optional }) => ({ configMap: { name, defaultMode: mode, items, optional } }),
    object: configMap,
  },
  projectedConfigMap: {
    what: 'a projected ConfigMap',
    volume: (name, { mode, items, optional }) => ({
      projected: { defaultMode: mode, sources: [{ configMap: { name, items, optional } }] },
    }),
    object: configMap,
  },
  secret: {
    what: 'a Secret',
    volume: (secretName, { mode, items, optional }) => ({
      secret: { secretName, defaultMode: mode, items, optional },
    }),
    object: secret,
  },
  projectedSecret: {
    what: 'a projected Secret',
    volume: (name, { mode, items, optional }) => ({
      projected: { defaultMode: mode, sources: [{ secret: { name, items, optional } }] },
    }),
    object: secret,
  },
}

type SourceName = keyof typeof sources

/** A file of the volume as the container must see it. */
interface Seen {
  readonly name: string
  readonly options: { mode?: number; items?: object[] }
  readonly security?: object
  readonly path: string
  readonly mode: string
  readonly entries: Partial<Record<SourceName, string>>
}

const mapped = { key: 'data-2', path: 'path/to/data-2' }
const seen: readonly Seen[] = [
  {
    name: 'as it is',
    options: {},
    path: 'data-1',
    mode: '644',
    entries: {
      configMap: 'ConfigMap Volume, without mapping',
      projectedConfigMap: 'Projected Volume, ConfigMap, volume mode default',
      secret: 'Secrets Volume, default',
      projectedSecret: 'Projected Volume, Secrets, volume mode default',
    },
  },
  {
    name: 'by a user that is not root',
    options: {},
    security: { runAsUser: 1000 },
    path: 'data-1',
    mode: '644',
    entries: {
      configMap: 'ConfigMap Volume, without mapping, non-root user',
      projectedConfigMap: 'Projected Volume, ConfigMap, non-root user',
    },
  },
  {
    name: 'with a default mode',
    options: { mode: 0o400 },
    path: 'data-1',
    mode: '400',
    entries: {
      configMap: 'ConfigMap Volume, without mapping, volume mode set',
      projectedConfigMap: 'Projected Volume, ConfigMap, volume mode 0400',
      secret: 'Secrets Volume, volume mode 0400',
      projectedSecret: 'Projected Volume, Secrets, volume mode 0400',
    },
  },
  {
    name: 'at a path of its own',
    options: { items: [mapped] },
    path: 'path/to/data-2',
    mode: '644',
    entries: {
      configMap: 'ConfigMap Volume, with mapping',
      projectedConfigMap: 'Projected Volume, ConfigMap, mapped',
      secret: 'Secrets Volume, mapping',
      projectedSecret: 'Projected Volume, Secrets, mapped',
    },
  },
  {
    name: 'at a path with a mode of its own',
    options: { items: [{ ...mapped, mode: 0o400 }] },
    path: 'path/to/data-2',
    mode: '400',
    entries: {
      configMap: 'ConfigMap Volume, with mapping, volume mode set',
      projectedConfigMap: 'Projected Volume, ConfigMap, mapped, volume mode 0400',
      secret: 'Secrets Volume, mapping, volume mode 0400',
      projectedSecret: 'Projected Volume, Secrets, mapped, volume mode 0400',
    },
  },
  {
    name: 'at a path of its own by a user that is not root',
    options: { items: [mapped] },
    security: { runAsUser: 1000 },
    path: 'path/to/data-2',
    mode: '644',
    entries: {
      configMap: 'ConfigMap Volume, with mapping, non-root user',
      projectedConfigMap: 'Projected Volume, ConfigMap, mapped, non-root user',
    },
  },
  {
    name: 'by a user whose group the volume belongs to',
    options: { mode: 0o440 },
    security: { runAsUser: 1000, fsGroup: 1001 },
    path: 'data-1',
    mode: '440',
    entries: {
      secret: 'Secrets Volume, volume mode 0440, fsGroup 1001 and uid 1000',
      projectedSecret: 'Project Volume, Secrets, non-root, custom fsGroup',
    },
  },
]

const twice: Partial<Record<SourceName, string>> = {
  configMap: 'ConfigMap Volume, multiple volume maps',
  projectedConfigMap: 'Projected Volume, ConfigMap, multiple volume paths',
  secret: 'Secrets Volume, mapping multiple volume paths',
  projectedSecret: 'Projected Volume, Secrets, mapped, multiple paths',
}
const optional: Record<SourceName, string> = {
  configMap: 'ConfigMap Volume, create, update and delete',
  projectedConfigMap: 'Projected Volume, ConfigMap, create, update and delete',
  secret: 'Secrets Volume, create, update and delete',
  projectedSecret: 'Projected Volume, Secrets, create, update delete',
}
const updated: Partial<Record<SourceName, string>> = {
  configMap: 'ConfigMap Volume, update',
  projectedConfigMap: 'Projected Volume, ConfigMap, update',
}

describe.concurrent('a volume of', () => {
  let ns: Namespace
  let count = 0
  const next = (): string => `v${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('volumes')
  })
  afterAll(() => removeNamespace(ns))

  for (const [kind, source] of Object.entries(sources) as [SourceName, Source][]) {
    for (const { name, options, security, path, mode, entries } of seen) {
      if (entries[kind] === undefined) continue
      it(`${source.what} is read ${name}${covers(entries[kind])}`, async () => {
        const pod = next()
        await ns.apply(source.object(pod, { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' }))
        const output = await outputOf(ns, pod, {
          securityContext: security,
          volumes: [{ name: 'v', ...source.volume(pod, options) }],
          containers: [
            {
              name: 'main',
              ...shell(`cat /v/${path}; echo; stat -L -c %a /v/${path}; id -u; ls /v`),
              volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true }],
            },
          ],
        })
        const listed = options.items ? 'path' : 'data-1\ndata-2\ndata-3'
        expect(output).toBe(`value-${path.slice(-1)}\n${mode}\n${security ? '1000' : '0'}\n${listed}\n`)
      })
    }

    const both = twice[kind]
    if (both !== undefined)
      it(`${source.what} is read at two places${covers(both)}`, async () => {
        const pod = next()
        await ns.apply(source.object(pod, { 'data-1': 'value-1' }))
        const output = await outputOf(ns, pod, {
          volumes: ['one', 'two'].map((name) => ({ name, ...source.volume(pod, { mode: 0o400 }) })),
          containers: [
            {
              name: 'main',
              ...shell('for v in one two; do cat /$v/data-1; stat -L -c " %a" /$v/data-1; done'),
              volumeMounts: ['one', 'two'].map((name) => ({ name, mountPath: `/${name}` })),
            },
          ],
        })
        expect(output).toBe('value-1 400\nvalue-1 400\n')
      })

    const changed = updated[kind]
    it(`${source.what} follows what is created, updated and deleted${covers(optional[kind], ...(changed ? [changed] : []))}`, async () => {
      const pod = next()
      const names = ['create', 'update', 'delete']
      await ns.apply(
        source.object(`${pod}-update`, { 'data-1': 'value-1' }),
        source.object(`${pod}-delete`, { 'data-1': 'value-1' }),
      )
      await startPod(ns, pod, {
        volumes: names.map((name) => ({ name, ...source.volume(`${pod}-${name}`, { optional: true }) })),
        containers: names.map((name) => ({
          name,
          ...shell('sleep 1000'),
          volumeMounts: [{ name, mountPath: '/v' }],
        })),
      })
      await podUntil(ns, pod, 'to be ready', isReady)
      const read = async (container: string): Promise<string | undefined> => {
        const ended = await ns.try(['exec', pod, '-c', container, '--', 'cat', '/v/data-1'])
        return ended.code === 0 ? ended.stdout : undefined
      }
      expect(await Promise.all(names.map(read))).toEqual([undefined, 'value-1', 'value-1'])
      await ns.apply(
        source.object(`${pod}-create`, { 'data-1': 'value-1' }),
        source.object(`${pod}-update`, { 'data-1': 'value-2' }),
      )
      await ns.kubectl(['delete', kind.toLowerCase().includes('secret') ? 'secret' : 'configmap', `${pod}-delete`])
      await until(
        'the volumes to follow',
        async () => {
          const now = await Promise.all(names.map(read))
          return now[0] === 'value-1' && now[1] === 'value-2' && now[2] === undefined ? true : undefined
        },
        150_000,
      )
    })
  }

  it(`a ConfigMap holds text and bytes${covers('ConfigMap Volume, text data, binary data')}`, async () => {
    const pod = next()
    const bytes = Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff])
    await ns.apply({ ...configMap(pod, { 'data-1': 'value-1' }), binaryData: { 'dump.bin': bytes.toString('base64') } })
    const output = await outputOf(ns, pod, {
      volumes: [{ name: 'v', configMap: { name: pod } }],
      containers: [
        {
          name: 'main',
          ...shell('cat /v/data-1; echo; hexdump -v -e \'/1 "%02x"\' /v/dump.bin'),
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
        },
      ],
    })
    expect(output.trim()).toBe(`value-1\n${bytes.toString('hex')}`)
  })

  it(`a Secret is of its own namespace${covers('Secrets Volume, volume mode default, secret with same name in different namespace')}`, async () => {
    const pod = next()
    const other = await makeNamespace('volumes-other')
    try {
      await ns.apply(secret(pod, { 'data-1': 'value-1' }))
      await other.apply(secret(pod, { this_should_not_match_content_of_other_secret: 'similarly' }))
      const output = await outputOf(ns, pod, {
        volumes: [{ name: 'v', secret: { secretName: pod } }],
        containers: [
          {
            name: 'main',
            ...shell('ls /v; cat /v/data-1; stat -L -c " %a" /v/data-1'),
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
      })
      expect(output).toBe('data-1\nvalue-1 644\n')
    } finally {
      await removeNamespace(other)
    }
  })

  it(`a Secret and one of a ConfigMap go together${covers('EmptyDir Wrapper Volume, Secret and ConfigMap volumes, no conflict')}`, async () => {
    const pod = next()
    await ns.apply(secret(pod, { a: 'secret' }), configMap(pod, { a: 'config' }))
    const output = await outputOf(ns, pod, {
      volumes: [
        { name: 's', secret: { secretName: pod } },
        { name: 'c', configMap: { name: pod } },
      ],
      containers: [
        {
          name: 'main',
          ...shell('cat /s/a /c/a'),
          volumeMounts: [
            { name: 's', mountPath: '/s' },
            { name: 'c', mountPath: '/c' },
          ],
        },
      ],
    })
    expect(output).toBe('secretconfig')
  })

  it(`several sources has the files of all${covers('Projected Volume, multiple projections')}`, async () => {
    const pod = next()
    await ns.apply(secret(pod, { s: 'secret' }), configMap(pod, { c: 'config' }))
    const resource = (path: string, name: string, divisor: string): object => ({
      path,
      resourceFieldRef: { containerName: 'main', resource: name, divisor },
    })
    const output = await outputOf(ns, pod, {
      volumes: [
        {
          name: 'all',
          projected: {
            sources: [
              { secret: { name: pod, items: [{ key: 's', path: 'secret' }] } },
              { configMap: { name: pod, items: [{ key: 'c', path: 'config' }] } },
              {
                downwardAPI: {
                  items: [
                    { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
                    resource('cpu-limit', 'limits.cpu', '1m'),
                    resource('cpu-request', 'requests.cpu', '1m'),
                    resource('memory-limit', 'limits.memory', '1Mi'),
                    resource('memory-request', 'requests.memory', '1Mi'),
                  ],
                },
              },
            ],
          },
        },
      ],
      containers: [
        {
          name: 'main',
          ...shell(
            'cd /all; for f in secret config name cpu-limit cpu-request memory-limit memory-request; do cat $f; echo; done',
          ),
          resources: { limits: { cpu: '200m', memory: '32Mi' }, requests: { cpu: '50m', memory: '16Mi' } },
          volumeMounts: [{ name: 'all', mountPath: '/all' }],
        },
      ],
    })
    expect(output).toBe(`secret\nconfig\n${pod}\n200\n50\n32\n16\n`)
  })
})
