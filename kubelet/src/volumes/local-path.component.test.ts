import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'

/** The programs of the control plane beside the node, which make a volume of a claim. */
describe('a claim that names no class', () => {
  let node: TestNode
  const programs: ChildProcess[] = []
  const start = async (program: string, user: string, ...args: string[]): Promise<void> => {
    const main = path.join(import.meta.dirname, '../../..', program, 'src/main.ts')
    const kubeconfig = `--kubeconfig=${await node.kubeconfig(user)}`
    const more = ['--leader-elect=false', '--secure-port=0', ...args]
    programs.push(spawn(process.execPath, [main, kubeconfig, ...more], { stdio: 'ignore' }))
  }
  const controllers = [
    'serviceaccount-controller',
    'persistentvolume-binder-controller',
    'persistentvolumeclaim-protection-controller',
    'persistentvolume-protection-controller',
    'local-path-provisioner',
  ]
  beforeAll(async () => {
    const allocatable = { cpu: '1', memory: '1Gi', pods: '10' }
    node = await startTestNode(allocatable)
    // what a kubelet says of its node
    const labels = { metadata: { labels: { 'kubernetes.io/hostname': node.name } } }
    await node.client.patch(nodes, node.name, labels, { type: 'strategic' })
    const body = { status: { allocatable, capacity: allocatable } }
    await node.client.patch(nodes, node.name, body, { type: 'strategic', subresource: 'status' })
    await start('scheduler', 'system:kube-scheduler')
    await start(
      'controller-manager',
      'system:kube-controller-manager',
      `--controllers=${controllers.join(',')}`,
      `--local-path-dir=${path.join(node.rootDir, 'local-path')}`,
      `--local-path-helper-image=${node.image}`,
    )
    await waitFor(() => node.client.get(storageClasses, 'local-path').catch(() => undefined))
  })
  afterAll(async () => {
    for (const program of programs) {
      const ended = program.exitCode === null ? once(program, 'exit') : undefined
      program.kill('SIGKILL')
      await ended
    }
    await node.stop()
  })

  const gone = (asked: () => Promise<unknown>): Promise<boolean> =>
    waitFor(() =>
      asked().then(
        () => false,
        (error: unknown) => isNotFound(error),
      ),
    )
  /** Runs to its end in a Pod that the scheduler brings to the node, for a user who is not root. */
  const runs = async (name: string, script: string): Promise<void> => {
    await node.run(name, {
      nodeName: undefined,
      restartPolicy: 'Never',
      // nobody keeps this node's conditions
      tolerations: [{ operator: 'Exists' }],
      securityContext: { runAsUser: 1000 },
      containers: [
        { name: 'main', command: ['sh', '-c', script], volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    })
    await node.until(name, ({ status }) => status?.phase === 'Succeeded')
  }

  it('has a folder on the node of its first Pod, which keeps what is in it for the next, and goes with the claim', async () => {
    await node.client.create(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })
    await runs('writer', 'echo written > /data/file')
    await runs('reader', 'test "$(cat /data/file)" = written')
    const claim = await node.client.get(persistentVolumeClaims, 'data', { namespace: 'default' })
    expect(claim.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } })
    const volumeName = `pvc-${claim.metadata.uid ?? ''}`
    const folder = path.join(node.rootDir, 'local-path', `${volumeName}_default_data`)
    const { spec } = await node.client.get(persistentVolumes, volumeName)
    expect([spec.local?.path, spec.storageClassName]).toEqual([folder, 'local-path'])
    expect(await readFile(path.join(folder, 'file'), 'utf8')).toBe('written\n')
    expect((await stat(folder)).mode & 0o777).toBe(0o777)

    for (const name of ['writer', 'reader']) await node.client.delete(pods, name, { namespace: 'default' })
    await node.client.delete(persistentVolumeClaims, 'data', { namespace: 'default' })
    await gone(() => node.client.get(persistentVolumes, volumeName))
    await expect(stat(folder)).rejects.toThrow('ENOENT')
    await waitFor(async () => (await node.client.list(pods, { namespace: 'kube-system' })).items.length === 0)
  })
})
