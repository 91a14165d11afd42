import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { nodes } from '@kubets/shared/api/resources.gen.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { issueCertificate } from '@kubets/shared/process/certificates.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { caseMs } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runs, shell } from '../pods/look.testing.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { startServer } from './server.ts'

const resources = { cpu: '2', memory: '1Gi', pods: '20', 'ephemeral-storage': '1Gi' }
const sizes = { WebSocket: 2 ** 30, SPDY: 2 ** 28 }
// what a process may take more while as much goes through it: buffers and what has not been collected yet
const growthBytes = 150 * 2 ** 20

/** The resident memory of a process. */
async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

describe('A large transfer', { timeout: 2 * caseMs }, () => {
  const stop = new AbortController()
  let node: TestNode
  let kubeconfig: string
  beforeAll(async () => {
    node = await startTestNode(resources)
    const { client, name, apiServer, clock, runtime, manager } = node
    kubeconfig = await node.kubeconfig('kubernetes-admin', ['system:masters'])
    const port = await freePort()
    const { authority } = apiServer
    const serving = await issueCertificate(authority, { commonName: name, usages: ['server'], days: 1 })
    const nothing = () => Promise.reject(new Error('not here'))
    await startServer({
      host: '127.0.0.1',
      port,
      ...serving,
      clientCA: authority.cert,
      client,
      nodeName: name,
      log,
      runtime,
      pods: manager,
      clock,
      signal: stop.signal,
      metrics: nothing,
      probeMetrics: nothing,
      usage: nothing,
      configuration: {},
      checks: {},
      handlers: {
        enableDebuggingHandlers: true,
        enableSystemLogHandler: false,
        enableProfilingHandler: false,
        enableDebugFlagsHandler: false,
      },
      logsFolder: '/var/log',
    })
    const daemonEndpoints = { kubeletEndpoint: { Port: port } }
    const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints }
    await client.patch(nodes, name, { status }, { type: 'merge', subresource: 'status' })
    await node.run('copied', {
      containers: [{ name: 'main', ...shell('trap "exit 0" TERM; while :; do sleep 0.1; done') }],
    })
    await node.until('copied', runs)
  })
  afterAll(async () => {
    stop.abort()
    await node.stop()
  })

  /** Runs kubectl between two programs of the shell; what they print, and by how much kubelet and API server grew. */
  async function transferred(script: string, wire: keyof typeof sizes): Promise<{ said: string; grown: number[] }> {
    const pids = [process.pid, node.apiServer.pid]
    const before = await Promise.all(pids.map(resident))
    const most = [...before]
    const child = spawn('sh', ['-ec', script], {
      env: {
        ...process.env,
        KUBECONFIG: kubeconfig,
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(wire === 'WebSocket'),
        SIZE: String(sizes[wire]),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const ended = once(child, 'close').then(() => true)
    while (!(await Promise.race([ended, node.clock.sleep(100).then(() => false)]))) {
      const now = await Promise.all(pids.map(resident))
      now.forEach((bytes, i) => (most[i] = Math.max(most[i] ?? 0, bytes)))
    }
    return { said: said.trim(), grown: most.map((bytes, i) => bytes - (before[i] ?? 0)) }
  }

  const directions: [string, string][] = [
    ['into a container', 'head -c $SIZE /dev/zero | kubectl exec -i copied -- wc -c'],
    ['out of a container', 'kubectl exec copied -- head -c $SIZE /dev/zero | wc -c'],
  ]
  const wires = ['WebSocket', 'SPDY'] as const
  it.each(directions.flatMap(([way, script]) => wires.map((wire) => ({ way, script, wire }))))(
    '$way over $wire does not grow who hands it on',
    async ({ script, wire }) => {
      const { said, grown } = await transferred(script, wire)
      expect(said).toBe(String(sizes[wire]))
      for (const bytes of grown) expect(bytes).toBeLessThan(growthBytes)
    },
  )
})
