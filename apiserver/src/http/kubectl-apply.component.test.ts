import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caseMs } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

let server: TestServer
let folder: string

beforeAll(async () => {
  server = await startTestServer()
  folder = await mkdtemp(join(tmpdir(), 'kubectl-apply-'))
  const data = (pem: string | undefined): string => Buffer.from(pem ?? '').toString('base64')
  const { certificate } = server.admin
  const cluster = {
    server: `https://127.0.0.1:${server.port}`,
    'certificate-authority-data': data(server.authority.cert),
  }
  const user = { 'client-certificate-data': data(certificate?.cert), 'client-key-data': data(certificate?.key) }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config))
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Output {
  code: number
  stdout: string
  stderr: string
}

/** Runs the real kubectl. */
function kubectl(...args: string[]): Promise<Output> {
  const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder }
  return new Promise((resolve) => {
    execFile('kubectl', args, { env, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

async function manifest(name: string, data: Record<string, string>): Promise<string> {
  const file = join(folder, `${name}.json`)
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }))
  return file
}

interface Managed {
  metadata: { annotations?: Record<string, string>; managedFields: { manager: string; operation: string }[] }
  data: Record<string, string>
}

async function get(name: string): Promise<Managed> {
  const { stdout } = await kubectl('get', 'configmap', name, '-o', 'json', '--show-managed-fields')
  return JSON.parse(stdout) as Managed
}

const managers = ({ metadata }: Managed): string[] =>
  metadata.managedFields.map(({ manager, operation }) => `${manager} ${operation}`)

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

describe('kubectl', { timeout: caseMs }, () => {
  it('applies on the client side, twice, and takes out what is gone', async () => {
    const first = await kubectl('apply', '-f', await manifest('client', { a: '1', b: '1' }))
    expect([first.code, first.stdout]).toEqual([0, 'configmap/client created\n'])
    const again = await kubectl('apply', '-f', await manifest('client', { a: '1', b: '1' }))
    expect(again.stdout).toBe('configmap/client unchanged\n')
    const changed = await kubectl('apply', '-f', await manifest('client', { a: '2' }))
    expect(changed.stdout).toBe('configmap/client configured\n')
    const { data, ...stored } = await get('client')
    expect(data).toEqual({ a: '2' })
    expect(managers({ data, ...stored })).toEqual(['kubectl-client-side-apply Update'])
  })

  it('goes over to server-side apply, and keeps the annotation in step', async () => {
    await kubectl('apply', '-f', await manifest('moves', { a: '1', b: '1' }))
    const moved = await kubectl('apply', '--server-side', '-f', await manifest('moves', { a: '2' }))
    expect([moved.code, moved.stdout]).toEqual([0, 'configmap/moves serverside-applied\n'])
    const stored = await get('moves')
    expect(stored.data).toEqual({ a: '2' })
    // kubectl gives the annotation an owner of its own
    expect(managers(stored).sort()).toEqual(['kubectl Apply', 'kubectl-last-applied Apply'])
    expect(JSON.parse(stored.metadata.annotations?.[lastApplied] ?? '')).toMatchObject({ data: { a: '2' } })
  })

  it('lists conflicts, and forces', async () => {
    await kubectl('apply', '--server-side', '--field-manager=other', '-f', await manifest('both', { a: '1' }))
    const refused = await kubectl('apply', '--server-side', '-f', await manifest('both', { a: '2' }))
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('Apply failed with 1 conflict: conflict with "other": .data.a')
    expect(refused.stderr).toContain('--force-conflicts')
    const forced = await kubectl('apply', '--server-side', '--force-conflicts', '-f', join(folder, 'both.json'))
    expect(forced.stdout).toBe('configmap/both serverside-applied\n')
    expect(managers(await get('both'))).toEqual(['kubectl Apply'])
  })

  it('shows what an apply would change', async () => {
    const file = await manifest('differs', { a: '1' })
    await kubectl('apply', '--server-side', '-f', file)
    const same = await kubectl('diff', '--server-side', '-f', file)
    expect([same.code, same.stdout]).toEqual([0, ''])
    const changed = await kubectl('diff', '--server-side', '-f', await manifest('differs', { a: '2' }))
    expect(changed.code).toBe(1)
    expect(changed.stdout).toMatch(/^- {2}a: "1"$/m)
    expect(changed.stdout).toMatch(/^\+ {2}a: "2"$/m)
    const client = await kubectl('diff', '-f', join(folder, 'differs.json'))
    expect(client.code).toBe(1)
    expect((await get('differs')).data).toEqual({ a: '1' })
  })

  it('edits, labels and scales under names of its own', async () => {
    await kubectl('create', 'deployment', 'web', '--image=web:1')
    await kubectl('label', 'deployment', 'web', 'x=y')
    await kubectl('scale', 'deployment', 'web', '--replicas=2')
    const { stdout } = await kubectl('get', 'deployment', 'web', '-o', 'json', '--show-managed-fields')
    const { metadata } = JSON.parse(stdout) as Managed
    expect(metadata.managedFields.map(({ manager }) => manager).sort()).toEqual([
      'kubectl',
      'kubectl-create',
      'kubectl-label',
    ])
    const hidden = await kubectl('get', 'deployment', 'web', '-o', 'yaml')
    expect(hidden.stdout).not.toContain('managedFields')
  })
})
