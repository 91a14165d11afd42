import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createWriteStream, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nodes, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { run } from './kubectl.ts'
import { launchOf } from './launch.ts'
import { until } from './until.ts'

/**
 * A kubelet, a process of its own, that can be killed, on an API server of its own, with a node's rights, and the
 * machine's Docker.
 */
export interface KubeletNode {
  readonly name: string
  readonly client: Client
  /** Its --root-dir. */
  readonly rootDir: string
  start(): void
  /** Process id of the kubelet that runs. */
  pid(): number
  /** Resolves when the one that was started last works on Pods. */
  works(): Promise<unknown>
  /** kill -9. Throws when it has ended before. */
  kill(): Promise<void>
  /** `docker ps -a` of this node's containers, by name. */
  containers(): Promise<string[]>
  /** What is on disk and mounted below the root folder, but for what a node without Pods has. */
  leftovers(): Promise<string[]>
  /** The kubelet takes everything away; answers what is left of its network all the same. */
  stop(): Promise<string[]>
}

/**
 * Starts it as deploy/ does.
 * @param cidrs the node's Pods' addresses and those of the whole cluster
 */
export async function startKubeletNode(cidrs: { pods: string; cluster: string }): Promise<KubeletNode> {
  const name = `kubets-alone-${String(process.pid)}`
  const work = await mkdtemp(path.join(tmpdir(), 'kubets-alone-'))
  const rootDir = path.join(work, 'root')
  await mkdir(rootDir)
  const api = await startApiServer()
  const metadata = { name: 'default', namespace: 'default' }
  await api.client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  const kubeconfig = await api.kubeconfig(`system:node:${name}`, ['system:nodes'])
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${name}`,
    `--root-dir=${rootDir}`,
    '--node-ip=127.0.0.1',
    `--port=${String(await freePort())}`,
    `--healthz-port=${String(await freePort())}`,
    `--pod-cidr=${cidrs.pods}`,
    `--non-masquerade-cidr=${cidrs.cluster}`,
  ]
  const launch = await launchOf('kubelet', path.join(work, 'compiled'))
  const args = [...launch.args, ...flags]
  const { env } = launch
  const logFile = path.join(work, 'kubelet.log')
  const log = createWriteStream(logFile)
  await once(log, 'open')
  let child: ChildProcess | undefined
  let begunAt = 0
  const kill = async (): Promise<void> => {
    if (!child) return
    if (child.exitCode !== null) throw new Error(`the kubelet ended by itself, with ${String(child.exitCode)}`)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    child = undefined
  }
  const node: KubeletNode = {
    name,
    client: api.client,
    rootDir,
    start: () => {
      begunAt = statSync(logFile).size
      child = spawn(process.execPath, args, { env, stdio: ['ignore', log, log] })
    },
    works: () =>
      until('the kubelet to work', async () => {
        const said = (await readFile(logFile)).subarray(begunAt).toString()
        return said.includes('"kubelet runs"') ? true : undefined
      }),
    pid: () => child?.pid ?? NaN,
    kill,
    containers: async () => {
      const args = ['ps', '-a', '--filter', `label=kubets.node=${name}`, '--format', '{{.Names}} {{.State}}']
      return (await run('docker', args)).stdout.split('\n').filter((line) => line !== '')
    },
    leftovers: async () => {
      const files = await readdir(path.join(rootDir, 'pods'), { recursive: true }).catch(() => [])
      const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
      return [...files, ...mounts.map((line) => line.split(' ')[4] ?? '').filter((place) => place.startsWith(rootDir))]
    },
    stop: async () => {
      await kill()
      const cleaned = await run(process.execPath, [...args, '--cleanup'], { env })
      const networks = await run('docker', [
        'network',
        'ls',
        '--filter',
        `name=kubets-${name}`,
        '--format',
        '{{.Name}}',
      ])
      const rules = (await run('iptables-save', [])).stdout.split('\n').filter((line) => line.includes(cidrs.pods))
      await api.stop()
      log.end()
      await rm(work, { recursive: true, force: true })
      const failed = cleaned.code === 0 ? [] : [`--cleanup: ${cleaned.stderr}${cleaned.stdout}`]
      return [...failed, ...networks.stdout.split('\n').filter((line) => line !== ''), ...rules]
    },
  }
  node.start()
  await until('the node to be Ready', async () => {
    const { status } = await api.client.get(nodes, name)
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' ? true : undefined
  })
  return node
}
