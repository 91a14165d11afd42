import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

type LocalVolume = ApiObject & { readonly spec: { readonly local: { readonly path: string } } }
type WithPhase = ApiObject & { readonly status?: { readonly phase?: string } }

/** Data that outlive the Pods which write them: claims, volumes, and what binds them. */
describe.concurrent('a persistent volume', () => {
  let api: Api
  let ns: Namespace
  let root: string
  beforeAll(async () => {
    api = await connect()
    ns = await makeNamespace('persistent')
    root = await mkdtemp('/tmp/kubets-e2e-volume-')
  })
  afterAll(async () => {
    await removeNamespace(ns)
    await rm(root, { recursive: true, force: true })
  })

  const amount = { storage: '1Gi' }
  const volumePath = (name: string): string => `/api/v1/persistentvolumes/${ns.name}-${name}`
  /** A folder for one volume alone: the controller may delete it with the volume. */
  const place = async (name: string): Promise<{ hostPath: { path: string } }> => {
    const path = join(root, name)
    await mkdir(path)
    return { hostPath: { path } }
  }
  const makeVolume = (name: string, spec: object): Promise<ApiObject> =>
    api.call('POST', '/api/v1/persistentvolumes', {
      metadata: { name: `${ns.name}-${name}` },
      spec: { capacity: amount, accessModes: ['ReadWriteOnce'], storageClassName: ns.name, ...spec },
    })
  const claimSpec = () => ({
    accessModes: ['ReadWriteOnce'],
    storageClassName: ns.name,
    resources: { requests: amount },
  })
  const done = ({ status }: Pod): boolean => status.phase === 'Succeeded'
  const runs = async (pod: string, script: string, source: object): Promise<void> => {
    const main = { name: 'main', ...shell(script), volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    await startPod(ns, pod, { restartPolicy: 'Never', containers: [main], volumes: [{ name: 'data', ...source }] })
    await podUntil(ns, pod, 'to have ended well', done)
  }

  it('keeps its data from one Pod to the next, and goes with its claim when it is to be deleted', async () => {
    await makeVolume('kept', { ...(await place('kept')), persistentVolumeReclaimPolicy: 'Delete' })
    const claims = `/api/v1/namespaces/${ns.name}/persistentvolumeclaims`
    await api.call('POST', claims, { metadata: { name: 'kept' }, spec: claimSpec() })
    const source = { persistentVolumeClaim: { claimName: 'kept' } }
    await runs('writer', 'echo written > /data/file', source)
    await runs('reader', 'cat /data/file', source)
    expect(await ns.logs('reader', 'main')).toBe('written\n')
    expect(await ns.kubectl(['get', 'pvc', 'kept', '-o', 'jsonpath={.status.phase} {.spec.volumeName}'])).toBe(
      `Bound ${ns.name}-kept`,
    )
    await ns.kubectl(['delete', 'pod', 'writer', 'reader'])
    await ns.kubectl(['delete', 'pvc', 'kept'])
    await until('the volume to be gone', async () =>
      (await api.send('GET', volumePath('kept'))).code === 404 ? true : undefined,
    )
  })

  it('is waited for by a Pod whose claim has none yet', async () => {
    const claims = `/api/v1/namespaces/${ns.name}/persistentvolumeclaims`
    const spec = { ...claimSpec(), storageClassName: `${ns.name}-late` }
    await api.call('POST', claims, { metadata: { name: 'late' }, spec })
    const main = { name: 'main', ...shell('ls /data'), volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'late' } }]
    await startPod(ns, 'waiting', { restartPolicy: 'Never', containers: [main], volumes })
    await podUntil(ns, 'waiting', 'to be told what it waits for', ({ status }) =>
      status.conditions.some(({ message = '' }) => message.includes('unbound immediate PersistentVolumeClaims')),
    )
    const more = { storageClassName: `${ns.name}-late`, persistentVolumeReclaimPolicy: 'Retain' }
    await makeVolume('late', { ...(await place('late')), ...more })
    await podUntil(ns, 'waiting', 'to have ended well', done)
    await ns.kubectl(['delete', 'pod', 'waiting'])
    await ns.kubectl(['delete', 'pvc', 'late'])
    await until('the volume to be released', async () => {
      const { status } = await api.call<WithPhase>('GET', volumePath('late'))
      return status?.phase === 'Released' ? true : undefined
    })
    await api.call('DELETE', volumePath('late'))
  })

  /** The volume that the default class made for a claim: its name, and where its data are on this machine. */
  const volumeOf = async (claim: string): Promise<{ path: string; folder: string }> => {
    const name = await ns.kubectl(['get', 'pvc', claim, '-o', 'jsonpath={.spec.volumeName}'])
    const path = `/api/v1/persistentvolumes/${name}`
    return { path, folder: (await api.call<LocalVolume>('GET', path)).spec.local.path }
  }
  const goesWithClaim = async (claim: string): Promise<void> => {
    const { path, folder } = await volumeOf(claim)
    await stat(folder)
    await ns.kubectl(['delete', 'pvc', claim])
    await until('the volume to be gone', async () => ((await api.send('GET', path)).code === 404 ? true : undefined))
    await expect(stat(folder)).rejects.toThrow('ENOENT')
  }
  const anySpec = { accessModes: ['ReadWriteOnce'], resources: { requests: amount } }

  it('is made for a claim that names no class, where its first Pod goes, and goes with the claim', async () => {
    await ns.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'any' },
      spec: anySpec,
    })
    const source = { persistentVolumeClaim: { claimName: 'any' } }
    await runs('any-writer', 'echo written > /data/file', source)
    await runs('any-reader', 'cat /data/file', source)
    expect(await ns.logs('any-reader', 'main')).toBe('written\n')
    await ns.kubectl(['delete', 'pod', 'any-writer', 'any-reader'])
    await goesWithClaim('any')
  })

  it('is made for each Pod of a StatefulSet, which finds its data again when it is replaced', async () => {
    const labels = { app: 'keeper' }
    const script = 'echo started >> /data/starts; trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'
    const main = { name: 'main', ...shell(script), volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    // who is not root may write, too
    const spec = { terminationGracePeriodSeconds: 1, securityContext: { runAsUser: 1000 }, containers: [main] }
    await ns.apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'keeper' },
      spec: {
        serviceName: 'keeper',
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: anySpec }],
      },
    })
    const { metadata } = await podUntil(ns, 'keeper-0', 'to run', ({ status }) => status.phase === 'Running')
    const { folder } = await volumeOf('data-keeper-0')
    const startsAre = (count: number): Promise<boolean> =>
      until(`the file to tell of ${String(count)} starts`, async () =>
        (await readFile(`${folder}/starts`, 'utf8')) === 'started\n'.repeat(count) ? true : undefined,
      )
    await startsAre(1)
    await ns.kubectl(['delete', 'pod', 'keeper-0'])
    await podUntil(
      ns,
      'keeper-0',
      'to be another that runs',
      (pod) => pod.metadata.uid !== metadata.uid && pod.status.phase === 'Running',
    )
    await startsAre(2)
    await ns.kubectl(['delete', 'statefulset', 'keeper', '--cascade=foreground'])
    await goesWithClaim('data-keeper-0')
  })
})
