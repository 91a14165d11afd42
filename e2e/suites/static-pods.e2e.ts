import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeNamespace, nodes, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, shell, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

const folder = join(process.env.KUBETS_STATE_DIR ?? '/var/lib/kubets', 'manifests')

/** Pods that the kubelet has from a folder, and how they look to everybody else. */
describe('a static Pod', () => {
  let ns: Namespace
  let file: string
  let name: string
  beforeAll(async () => {
    ns = await makeNamespace('static')
    const [node] = await nodes()
    name = `web-${node?.metadata.name ?? ''}`
    file = join(folder, `${ns.name}.yaml`)
    const manifest = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: ${ns.name}, labels: {app: static}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: ${shell('').image}
      command: [sh, -c, "echo it runs; exec tail -f /dev/null"]
`
    await writeFile(join(folder, `.${ns.name}`), manifest)
    await rename(join(folder, `.${ns.name}`), file)
  })
  afterAll(async () => {
    await rm(file, { force: true })
    await removeNamespace(ns)
  })
  const uidOf = ({ metadata }: Pod): string => metadata.uid
  /** A container without a probe is ready before it has done anything. */
  const saysThatItRuns = (): Promise<boolean> =>
    until('its logs', async () => {
      expect(await ns.logs(name, 'main')).toBe('it runs\n')
      return true
    })

  it('is in the API under the name of its node, with its logs, and can be entered', async () => {
    const pod = await until(`Pod ${name}`, () => getPod(ns, name).catch(() => undefined))
    expect(pod.metadata.ownerReferences).toEqual([expect.objectContaining({ kind: 'Node' })])
    await podUntil(ns, name, 'to be ready', isReady)
    await saysThatItRuns()
    expect(await ns.kubectl(['exec', name, '--', 'hostname'])).toBe(`${name}\n`)
    await until('the event of its start', async () =>
      /Started +.*kubelet/.test(await ns.kubectl(['describe', 'pod', name])) ? true : undefined,
    )
  })

  it('runs on when it is deleted there', async () => {
    const before = await getPod(ns, name)
    await ns.kubectl(['delete', 'pod', name, '--wait=false'])
    const after = await until(`another Pod ${name}`, async () => {
      const pod = await getPod(ns, name).catch(() => undefined)
      return pod && uidOf(pod) !== uidOf(before) && isReady(pod) ? pod : undefined
    })
    expect(after.status.containerStatuses?.[0]?.restartCount).toBe(0)
    expect(after.status.podIP).toBe(before.status.podIP)
    await saysThatItRuns()
  })

  it('ends with its file', async () => {
    await rm(file)
    await ns.kubectl(['wait', '--for=delete', `pod/${name}`, '--timeout=170s'])
  })
})
