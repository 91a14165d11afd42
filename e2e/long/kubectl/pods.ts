import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { fetchText } from '../../harness/http.ts'
import { busybox } from '../../harness/pods.ts'
import { until } from '../../harness/until.ts'
import type { Case, Kubectl } from './versions.ts'

/** A Pod made by `kubectl run` that is ready; it ends at once when it is deleted. */
async function runPod(kubectl: Kubectl, name: string, ...command: string[]): Promise<void> {
  const overrides = JSON.stringify({ apiVersion: 'v1', spec: { terminationGracePeriodSeconds: 1 } })
  const image = command.length > 0 ? busybox : 'kubets/web:1'
  const words = command.length > 0 ? ['--command', '--', ...command] : []
  await kubectl.run(['run', name, `--image=${image}`, `--overrides=${overrides}`, ...words])
  await kubectl.run(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=140s'])
}

/** What is done with running Pods. */
export const podCases: readonly Case[] = [
  {
    name: 'run, logs, exec with output, errors, exit code and input',
    run: async (kubectl) => {
      await runPod(kubectl, 'talks', 'sh', '-c', 'echo one; echo two; exec sleep 1000')
      expect(await kubectl.run(['logs', 'talks'])).toBe('one\ntwo\n')
      expect(await kubectl.run(['logs', 'talks', '--tail=1', '--timestamps'])).toMatch(/^\d{4}-\S+Z two\n$/)
      expect((await kubectl.try(['logs', 'talks', '-c', 'absent'])).stderr).toContain(
        'container absent is not valid for pod talks',
      )
      expect(await kubectl.run(['exec', 'talks', '--', 'hostname'])).toBe('talks\n')
      const failed = await kubectl.try(['exec', 'talks', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
      expect(failed).toMatchObject({ code: 7, stdout: 'out\n' })
      expect(failed.stderr).toMatch(/err\n[^]*exit code 7/)
      const input = 'x'.repeat(200_000)
      expect(await kubectl.run(['exec', '-i', 'talks', '--', 'wc', '-c'], { input })).toBe('200000\n')
      await kubectl.run(['delete', 'pod', 'talks', '--now'])
    },
  },
  {
    name: 'run --rm -i goes with its input',
    run: async (kubectl) => {
      const args = ['run', 'goes', `--image=${busybox}`, '--rm', '-i', '--restart=Never', '--quiet', '--', 'cat']
      const { code, stdout } = await kubectl.try(args, { input: 'there and back\n' })
      expect([code, stdout.includes('there and back\n')]).toEqual([0, true])
      expect((await kubectl.try(['get', 'pod', 'goes'])).stderr).toContain('pods "goes" not found')
    },
  },
  {
    name: 'attach and logs -f go on until stopped',
    run: async (kubectl) => {
      await runPod(kubectl, 'ticks', 'sh', '-c', 'while sleep 1; do echo tick; done')
      for (const verb of [['attach'], ['logs', '-f', '--tail=0']]) {
        const follower = kubectl.background([...verb, 'ticks'])
        try {
          await until('two ticks', async () => (follower.output().includes('tick\ntick\n') ? true : undefined))
        } finally {
          await follower.stop()
        }
      }
      await kubectl.run(['delete', 'pod', 'ticks', '--now'])
    },
  },
  {
    name: 'cp there and back, and port-forward',
    run: async (kubectl) => {
      await runPod(kubectl, 'served')
      const dir = await mkdtemp(join(tmpdir(), 'kubets-cp-'))
      try {
        await writeFile(join(dir, 'there'), Buffer.alloc(300_000, 'kubets '))
        await kubectl.run(['cp', join(dir, 'there'), `served:/tmp/there`])
        await kubectl.run(['cp', `served:/tmp/there`, join(dir, 'back')])
        expect((await readFile(join(dir, 'back'))).equals(await readFile(join(dir, 'there')))).toBe(true)
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
      const forwarder = kubectl.background(['port-forward', 'pod/served', ':8080'])
      try {
        const port = await until('the local port', async () => /127\.0\.0\.1:(\d+) ->/.exec(forwarder.output())?.[1])
        for (let i = 0; i < 3; i++) expect(await fetchText(`http://127.0.0.1:${port}/`)).toContain('served')
      } finally {
        await forwarder.stop()
      }
      await kubectl.run(['delete', 'pod', 'served', '--now'])
    },
  },
  {
    name: 'debug copies a Pod',
    run: async (kubectl) => {
      await runPod(kubectl, 'sick', 'sleep', '1000')
      const copy = ['debug', 'sick', '--copy-to=copied', '--container=sick', '--image=kubets/web:1', '--same-node']
      await kubectl.run([...copy, '--', 'sleep', '1000'])
      await kubectl.run(['wait', '--for=condition=Ready', 'pod/copied', '--timeout=140s'])
      const image = await kubectl.run(['get', 'pod', 'copied', '-o', 'jsonpath={.spec.containers[0].image}'])
      expect(image).toBe('kubets/web:1')
      await kubectl.run(['delete', 'pod', 'sick', 'copied', '--now'])
    },
  },
  {
    name: 'debug looks into a Pod with a container of its own',
    since: 23, // before, the API of ephemeral containers was another one
    run: async (kubectl) => {
      await runPod(kubectl, 'seen', 'sleep', '1000')
      const look = ['debug', 'seen', `--image=${busybox}`, '--container=looker', '--target=seen', '-i', '--', 'ps']
      const { stdout } = await kubectl.try(look)
      await until('it to have ended', async () => {
        const path = 'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}'
        return (await kubectl.run(['get', 'pod', 'seen', '-o', path])) === '0' ? true : undefined
      })
      const logged = await kubectl.run(['logs', 'seen', '-c', 'looker'])
      expect(stdout + logged).toContain('sleep 1000')
      await kubectl.run(['delete', 'pod', 'seen', '--now'])
    },
  },
]
