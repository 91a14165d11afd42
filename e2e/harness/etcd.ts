import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { run } from './kubectl.ts'

const stateDir = process.env.KUBETS_STATE_DIR ?? '/var/lib/kubets'
const pki = { ca: 'ca.crt', cert: 'apiserver-etcd-client.crt', key: 'apiserver-etcd-client.key' }

/** Makes etcd forget all before this revision, as it does every five minutes by itself. */
export async function compactEtcd(revision: string): Promise<void> {
  const project = process.env.KUBETS_COMPOSE_PROJECT
  const body = JSON.stringify({ revision, physical: true })
  const answer = await (project === undefined ? onHost(body) : inContainer(project, body))
  if (!answer.includes('"header"')) throw new Error(`etcd did not compact: ${answer}`)
}

// The port for clients is two below the one for health checks.
function port(health: string): number {
  const found = /127\.0\.0\.1:(\d+)\/health/.exec(health)?.[1]
  if (found === undefined) throw new Error(`no port of etcd in ${health}`)
  return Number(found) - 2
}

async function onHost(body: string): Promise<string> {
  const { programs } = JSON.parse(await readFile(join(stateDir, 'run', 'state.json'), 'utf8')) as {
    programs: { name: string; health: string }[]
  }
  const url = `https://127.0.0.1:${String(port(programs.find(({ name }) => name === 'etcd')?.health ?? ''))}`
  const [ca, cert, key] = await Promise.all(
    [pki.ca, pki.cert, pki.key].map((name) => readFile(join(stateDir, 'pki', name))),
  )
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', ca, cert, key, timeout: 10_000, agent: false }
    const sent = request(`${url}/v3/kv/compaction`, options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('error', reject)
      response.on('end', () => resolve(text))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer from etcd within 10 s')))
    sent.on('error', reject)
    sent.end(body)
  })
}

async function inContainer(project: string, body: string): Promise<string> {
  const labels = [`label=com.docker.compose.project=${project}`, 'label=com.docker.compose.service=etcd']
  const { stdout } = await run('docker', ['ps', '-q', ...labels.flatMap((label) => ['--filter', label])])
  const exec = ['exec', stdout.trim()]
  const dir = '/var/lib/kubets'
  const health = (await run('docker', [...exec, 'cat', `${dir}/health/etcd`])).stdout
  const files = ['--cacert', pki.ca, '--cert', pki.cert, '--key', pki.key].map((word) =>
    word.startsWith('--') ? word : `${dir}/pki/${word}`,
  )
  const url = `https://127.0.0.1:${String(port(health))}/v3/kv/compaction`
  const ended = await run('docker', [...exec, 'curl', '--silent', '--max-time', '10', ...files, '--data', body, url])
  return ended.stdout + ended.stderr
}
