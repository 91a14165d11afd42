import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { busybox, isReady, podUntil, startPod } from '../harness/pods.ts'
import { allHealthy, killProgram } from '../harness/programs.ts'
import { run } from '../harness/kubectl.ts'
import { until } from '../harness/until.ts'
import { startClient, termsOf, type Client, type Line } from './churn/clients.ts'
import { problemsOfInformer, problemsOfLeading, problemsOfWatch } from './churn/history.ts'
import { startSecondApiServer, type SecondApiServer } from './churn/second-apiserver.ts'

const minutes = Number(process.env.KUBETS_CHURN_MINUTES ?? '30')

/** The real clients of two languages at work on two API servers, of which one dies every minute. */
describe('churn', () => {
  let ns: Namespace
  let dir: string
  let second: SecondApiServer
  let kubeconfigs: readonly string[]

  beforeAll(async () => {
    await allHealthy()
    ns = await makeNamespace('churn')
    await startPod(ns, 'churn', { containers: [{ name: 'main', image: busybox, command: ['sleep', '100000'] }] })
    await podUntil(ns, 'churn', 'to be ready', isReady)
    dir = await mkdtemp(join(tmpdir(), 'kubets-churn-'))
    second = await startSecondApiServer()
    const first = process.env.KUBECONFIG ?? ''
    const other = join(dir, 'second')
    const text = await readFile(first, 'utf8')
    await writeFile(other, text.replace(/(server"?: *"?https:\/\/[^:]+):\d+/, `$1:${String(second.port)}`), {
      mode: 0o600,
    })
    kubeconfigs = [first, other]
    await ready(other)
  })
  afterAll(async () => {
    await second.stop()
    await rm(dir, { recursive: true, force: true })
    await removeNamespace(ns)
  })

  const ready = (kubeconfig: string): Promise<true> =>
    until('the API server to be ready', async () => {
      const { code } = await run('kubectl', [`--kubeconfig=${kubeconfig}`, 'get', '--raw', '/readyz'])
      return code === 0 ? true : undefined
    })

  const makeLast = async (): Promise<Line> => {
    const name = 'last'
    await ns.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: { churn: 'yes' } },
      data: { seq: '1' },
    })
    const { metadata } = await ns.get<{ metadata: { uid: string; resourceVersion: string } }>('configmaps', name)
    const { uid, resourceVersion } = metadata
    return { kind: 'wrote', who: 'test', at: 0, type: 'ADDED', name, uid, seq: 1, rv: Number(resourceVersion) }
  }

  it(
    `${String(minutes)} minutes: every watcher sees every change once and in order`,
    async () => {
      const start = (language: 'go' | 'python', mode: string): Client =>
        startClient(language, [mode, ns.name, ...kubeconfigs])
      const watchers = [start('go', 'watch'), start('python', 'watch'), start('go', 'inform')]
      await until('the watchers to be ready', async () =>
        watchers.every(({ lines }) => lines.some(({ kind }) => kind === 'ready')) ? true : undefined,
      )
      const users = [start('go', 'lead'), start('go', 'use'), start('python', 'use')]
      const writers = [start('go', 'write'), start('python', 'write')]
      const end = performance.now() + minutes * 60_000
      for (let minute = 1; performance.now() < end; minute++) {
        await sleep(60_000) // the churn itself is the test
        if (minute % 2 === 1) await second.restart()
        else await killProgram('apiserver')
        await Promise.all(kubeconfigs.map(ready))
      }
      const ended = [
        ...(await Promise.all(writers.map((one) => one.stop()))),
        ...(await Promise.all(users.map((one) => one.stop()))),
      ]
      const told = (clients: readonly Client[], kind: Line['kind']): Line[] =>
        clients.flatMap(({ lines }) => lines.filter((line) => line.kind === kind))
      // whoever has seen this has seen all before it; an informer that lists again need not see what came and went
      const last = await makeLast()
      const written = [...told(writers, 'wrote'), last]
      const names = [...new Set(told(watchers, 'ready').map(({ who }) => who))]
      const behind = (): string[] =>
        names.filter(
          (who) => !watchers.some(({ lines }) => lines.some((line) => line.who === who && line.rv >= last.rv)),
        )
      // client-go's informers wait up to a minute before they ask a server again that was away twice in two minutes
      await until(
        'the watchers to have seen the last change',
        async () => {
          const missing = behind()
          if (missing.length > 0) throw new Error(`${missing.join(', ')} did not yet`)
          return true
        },
        240_000,
      )
      await sleep(3_000) // what came too often would come now
      ended.push(...(await Promise.all(watchers.map((one) => one.stop()))))
      for (const { code, errors } of ended) expect(code, errors).toBe(0)

      for (const writer of writers) expect(told([writer], 'wrote').length).toBeGreaterThan(100)
      for (const who of ['go-watcher', 'python-watcher']) {
        const saw = told(watchers, 'saw').filter((line) => line.who === who)
        expect(problemsOfWatch(written, saw), who).toEqual([])
      }
      for (const who of ['go-informer-0', 'go-informer-1']) {
        const informed = told(watchers, 'informed').filter((line) => line.who === who)
        expect(problemsOfInformer(written, informed), who).toEqual([])
      }
      const terms = termsOf(users.flatMap(({ lines }) => lines))
      expect(new Set(terms.map(({ who }) => who)).size).toBe(2)
      expect(problemsOfLeading(terms)).toEqual([])
      const used = told(users, 'used').map(({ who }) => who)
      for (const what of ['exec', 'discovery', 'python-dynamic', 'python-exec']) expect(used).toContain(what)
      process.stdout.write(
        `${String(written.length)} changes, ${String(terms.length)} terms, ${String(used.length)} uses\n`,
      )
    },
    (minutes + 10) * 60_000,
  )
})
