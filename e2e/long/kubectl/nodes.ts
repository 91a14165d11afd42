import { expect } from 'vitest'
import { connect } from '../../harness/api.ts'
import { run } from '../../harness/kubectl.ts'
import type { Case, Kubectl } from './versions.ts'

/** A node without a kubelet, so that nobody else's Pods suffer; Pods on it go when they are told to, at once. */
async function withNode(kubectl: Kubectl, word: string, work: (name: string) => Promise<void>): Promise<void> {
  const name = `${kubectl.namespace}-${word}`
  await kubectl.run(['create', '-f', '-'], { input: { apiVersion: 'v1', kind: 'Node', metadata: { name } } })
  try {
    await work(name)
  } finally {
    await kubectl.run(['delete', 'node', name])
  }
}

/** What administrators do. */
export const nodeCases: readonly Case[] = [
  {
    name: 'cordon, uncordon and taint',
    run: (kubectl) =>
      withNode(kubectl, 'tainted', async (node) => {
        expect(await kubectl.run(['cordon', node])).toBe(`node/${node} cordoned\n`)
        expect(await kubectl.run(['get', 'node', node])).toContain('SchedulingDisabled')
        expect(await kubectl.run(['uncordon', node])).toBe(`node/${node} uncordoned\n`)
        const taint = (...args: string[]) => kubectl.try(['taint', 'node', node, ...args])
        expect((await taint('a=b:NoSchedule')).stdout).toBe(`node/${node} tainted\n`)
        expect((await taint('a=c:NoSchedule')).stderr).toContain('--overwrite is false')
        expect((await taint('a=c:NoSchedule', '--overwrite')).stdout).toBe(`node/${node} modified\n`)
        const taints = await kubectl.run(['get', 'node', node, '-o', 'jsonpath={.spec.taints[?(@.key=="a")].value}'])
        expect(taints).toBe('c')
        expect((await taint('a-')).stdout).toBe(`node/${node} untainted\n`)
        expect((await taint('a-')).stderr).toContain('taint "a" not found')
      }),
  },
  {
    name: 'drain evicts, unless a budget or a missing controller forbids it',
    run: (kubectl) =>
      withNode(kubectl, 'drained', async (node) => {
        const pod = (name: string) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, labels: { drained: name } },
          spec: { nodeName: node, containers: [{ name: 'main', image: 'kubets/busybox:1' }] },
        })
        await kubectl.run(['create', '-f', '-'], { input: pod('drained') })
        const refused = await kubectl.try(['drain', node])
        expect(refused.code).toBe(1)
        expect(refused.stderr).toContain('use --force to override')
        const budget = {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: { name: 'drained' },
          spec: { minAvailable: 1, selector: { matchLabels: { drained: 'drained' } } },
        }
        await kubectl.run(['create', '-f', '-'], { input: budget })
        // a budget counts for Pods that run alone, and no kubelet says that of this one
        const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
        // nor is there a controller that judges the budget
        const judged = {
          observedGeneration: 1,
          disruptionsAllowed: 0,
          currentHealthy: 0,
          desiredHealthy: 1,
          expectedPods: 1,
        }
        const api = await connect()
        const status = (path: string, value: object) =>
          api.call('PATCH', `${path.replace('NS', `namespaces/${kubectl.namespace}`)}/status`, { status: value })
        await status('/api/v1/NS/pods/drained', running)
        await status('/apis/policy/v1/NS/poddisruptionbudgets/drained', judged)
        const drain = (...more: string[]) => kubectl.try(['drain', node, '--force', '--grace-period=0', ...more])
        const held = await drain('--timeout=7s')
        expect(held.code).toBe(1)
        expect(held.stdout + held.stderr).toMatch(/Cannot evict pod|global timeout reached/)
        await kubectl.run(['get', 'pod', 'drained'])
        await kubectl.run(['delete', 'poddisruptionbudget', 'drained'])
        const drained = await drain()
        expect(drained.stdout).toContain('pod/drained evicted')
        expect((await kubectl.try(['get', 'pod', 'drained'])).stderr).toContain('pods "drained" not found')
      }),
  },
  {
    name: 'certificate approve and deny',
    run: async (kubectl) => {
      const made =
        'openssl req -new -newkey rsa:2048 -nodes -subj /CN=somebody -keyout /dev/null 2>/dev/null | base64 -w0'
      const request = (await run('sh', ['-c', made])).stdout
      const name = (word: string): string => `${kubectl.namespace}-${word}`
      try {
        for (const word of ['approve', 'deny']) {
          const input = {
            apiVersion: 'certificates.k8s.io/v1',
            kind: 'CertificateSigningRequest',
            metadata: { name: name(word) },
            spec: { request, signerName: 'kubets.example.com/tests', usages: ['client auth'] },
          }
          await kubectl.run(['create', '-f', '-'], { input })
          const shown = () => kubectl.run(['get', 'csr', name(word), '--no-headers'])
          expect(await shown()).toMatch(/ kubets\.example\.com\/tests +\S+ +<none> +Pending\n$/)
          await kubectl.run(['certificate', word, name(word)])
          expect(await shown()).toMatch(word === 'deny' ? / Denied\n$/ : / Approved\n$/)
        }
        const late = await kubectl.try(['certificate', 'deny', name('approve')])
        expect(late.code).toBe(1)
        expect(late.stderr).toContain('already Approved')
      } finally {
        await kubectl.run(['delete', 'csr', '--ignore-not-found', name('approve'), name('deny')])
      }
    },
  },
]
