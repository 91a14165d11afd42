import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, outputOf, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'

const annotation = { name: 'ANNOTATION', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } } }

// two entries have this testname
const configMapEntry = (what: string): string =>
  `[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap ${what} [Conformance]`

/** Parts of volumes, by names that are made of variables. */
describe.concurrent('a subPath', () => {
  let ns: Namespace
  let count = 0
  const next = (): string => `sub${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('subpath')
  })
  afterAll(() => removeNamespace(ns))

  const spec = (env: object[], subPathExpr: string): object => ({
    restartPolicy: 'Never',
    volumes: [{ name: 'workdir1', emptyDir: {} }],
    containers: [
      {
        name: 'main',
        ...shell('exec tail -f /dev/null'),
        env,
        volumeMounts: [
          { name: 'workdir1', mountPath: '/subpath_mount', subPathExpr },
          { name: 'workdir1', mountPath: '/volume_mount' },
        ],
      },
    ],
  })
  const waits = (name: string): Promise<Pod> =>
    podUntil(ns, name, 'not to be configured', ({ status }) => {
      const reason = status.containerStatuses?.[0]?.state.waiting?.reason
      return reason === 'CreateContainerConfigError'
    })
  const runs = (name: string): Promise<Pod> => podUntil(ns, name, 'to run', ({ status }) => status.phase === 'Running')
  const why = ({ status }: Pod): string | undefined => status.containerStatuses?.[0]?.state.waiting?.message
  const remove = (name: string): Promise<string> => ns.kubectl(['delete', 'pod', name, '--timeout=170s'])

  it(`is refused with backsteps in it${covers('VolumeSubpathEnvExpansion, subpath with backticks')}`, async () => {
    const name = next()
    await startPod(ns, name, spec([{ name: 'POD_NAME', value: '..' }], '$(POD_NAME)'))
    expect(why(await waits(name))).toBe("unable to provision SubPath `..`: must not contain '..'")
    await remove(name)
  })

  it(`is refused when it is absolute${covers('VolumeSubpathEnvExpansion, subpath with absolute path')}`, async () => {
    const name = next()
    await startPod(ns, name, spec([{ name: 'POD_NAME', value: '/tmp' }], '$(POD_NAME)'))
    expect(why(await waits(name))).toBe('error SubPath `/tmp` must not be an absolute path')
    await remove(name)
  })

  it(`is good once its variables are${covers('VolumeSubpathEnvExpansion, subpath ready from failed state')}`, async () => {
    const name = next()
    const env = [{ name: 'POD_NAME', value: 'foo' }, annotation]
    await startPod(ns, name, spec(env, '$(ANNOTATION)/$(POD_NAME)'), { annotations: { notmysubpath: 'mypath' } })
    await waits(name)
    expect((await getPod(ns, name)).status.phase).toBe('Pending')
    await ns.kubectl(['annotate', 'pod', name, 'mysubpath=mypath'])
    await runs(name)
    await remove(name)
  })

  it(`is written to, and stays when its variables change${covers('VolumeSubpathEnvExpansion, subpath test writes')}`, async () => {
    const name = next()
    const env = [{ name: 'POD_NAME', value: 'foo' }, annotation]
    await startPod(ns, name, spec(env, '$(ANNOTATION)/$(POD_NAME)'), { annotations: { mysubpath: 'mypath' } })
    await runs(name)
    await ns.kubectl(['exec', name, '--', 'touch', '/volume_mount/mypath/foo/test.log'])
    await ns.kubectl(['exec', name, '--', 'test', '-f', '/subpath_mount/test.log'])
    await ns.kubectl(['annotate', '--overwrite', 'pod', name, 'mysubpath=mynewpath'])
    await runs(name)
    await remove(name)
  })

  /** Reads a file of a volume by a subPath, for a while: what is mounted stays. testsuites/subpath.go TestBasicSubpathFile */
  const readAt = (name: string, subPath: string, volume: object, mountPath = '/test-volume'): Promise<string> =>
    outputOf(ns, name, {
      volumes: [{ name: 'test-volume', ...volume }],
      containers: [
        {
          name: 'test-container-subpath',
          ...shell(`for i in 1 2 3; do cat ${mountPath}; echo; sleep 1; done`),
          volumeMounts: [{ name: 'test-volume', mountPath, subPath }],
        },
      ],
    })
  const thrice = (text: string): string => `${text}\n`.repeat(3)
  const secretName = async (name: string): Promise<string> => {
    await ns.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { key: 'hidden' } })
    return name
  }
  const configMap = async (name: string): Promise<{ name: string }> => {
    await ns.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { key: 'set' } })
    return { name }
  }

  it(`is a file of a Secret${covers('SubPath: Reading content from a secret volume.')}`, async () => {
    const name = next()
    expect(await readAt(name, 'key', { secret: { secretName: await secretName(name) } })).toBe(thrice('hidden'))
  })

  it(`is a file of a ConfigMap${covers(configMapEntry('pod'))}`, async () => {
    const name = next()
    expect(await readAt(name, 'key', { configMap: await configMap(name) })).toBe(thrice('set'))
  })

  it(`is a file of a ConfigMap in place of one of the image${covers(configMapEntry('pod with mountPath of existing file'))}`, async () => {
    const name = next()
    const output = await readAt(name, 'key', { configMap: await configMap(name) }, '/etc/resolv.conf')
    expect(output).toBe(thrice('set'))
  })

  it(`is a file that tells of the Pod${covers('SubPath: Reading content from a downwardAPI volume.')}`, async () => {
    const name = next()
    const items = [{ path: 'downward/podname', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }]
    expect(await readAt(name, 'downward/podname', { downwardAPI: { items } })).toBe(thrice(name))
  })

  it(`is a file of a projected volume${covers('SubPath: Reading content from a projected volume.')}`, async () => {
    const name = next()
    const items = [{ key: 'key', path: 'projected/key' }]
    const sources = [{ configMap: { ...(await configMap(name)), items } }]
    expect(await readAt(name, 'projected/key', { projected: { sources } })).toBe(thrice('set'))
  })

  it('does not lead out of its volume by a link in it', async () => {
    const name = next()
    const volumeMounts = [{ name: 'v', mountPath: '/v' }]
    await startPod(ns, name, {
      restartPolicy: 'Never',
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [{ name: 'evil', ...shell('ln -s / /v/link; ln -s ../../../.. /v/up'), volumeMounts }],
      containers: ['link/etc', 'link/new', 'up'].map((subPath, index) => ({
        name: `main${String(index)}`,
        ...shell('ls /out; sleep 1000'),
        volumeMounts: [{ name: 'v', mountPath: '/out', subPath }],
      })),
    })
    const pod = await podUntil(ns, name, 'not to be configured', ({ status }) =>
      Boolean(status.containerStatuses?.every(({ state }) => state.waiting?.reason === 'CreateContainerConfigError')),
    )
    expect(pod.status.containerStatuses?.map(({ state }) => state.waiting?.message)).toEqual([
      'failed to prepare subPath for volumeMount "v" of container "main0"',
      'failed to create subPath directory for volumeMount "v" of container "main1"',
      'failed to prepare subPath for volumeMount "v" of container "main2"',
    ])
  })

  it('is a folder or a file, of a volume in memory too', async () => {
    const output = await outputOf(ns, next(), {
      volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }],
      initContainers: [
        {
          name: 'first',
          ...shell('echo kept > /d/file; mkdir /all/b; echo 3 > /all/b/mode'),
          volumeMounts: [
            { name: 'v', mountPath: '/d', subPath: 'a/dir' },
            { name: 'v', mountPath: '/all' },
          ],
        },
      ],
      containers: [
        {
          name: 'main',
          ...shell('cat /d/file /m; stat -c %a /d'),
          volumeMounts: [
            { name: 'v', mountPath: '/d', subPath: 'a/dir' },
            { name: 'v', mountPath: '/m', subPath: 'b/mode', readOnly: true },
          ],
        },
      ],
    })
    expect(output).toBe('kept\n3\n777\n')
  })
})
