import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { outputOf, shell } from '../harness/pods.ts'

describe.concurrent('an emptyDir volume', () => {
  let ns: Namespace
  let count = 0
  const next = (): string => `e${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('emptydir')
  })
  afterAll(() => removeNamespace(ns))

  const run = (medium: string | undefined, security: object | undefined, script: string): Promise<string> =>
    outputOf(ns, next(), {
      securityContext: security,
      volumes: [{ name: 'v', emptyDir: { medium } }],
      containers: [{ name: 'main', ...shell(script), volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    })
  const fileSystem = `awk '$2 == "/v" { print ($3 == "tmpfs") }' /proc/mounts`

  for (const [medium, name] of [
    [undefined, 'default'],
    ['Memory', 'tmpfs'],
  ] as const) {
    const tmpfs = medium === 'Memory' ? '1' : '0'
    for (const user of ['root', 'non-root'] as const)
      for (const mode of ['0644', '0666', '0777']) {
        const entry = `[sig-storage] EmptyDir volumes should support (${user},${mode},${name}) [LinuxOnly] [Conformance] [NodeConformance]`
        it(`of medium ${name} holds a file of mode ${mode} of ${user}${covers(entry)}`, async () => {
          const script = `umask 0; echo content > /v/file && chmod ${mode} /v/file && stat -c %a /v/file && cat /v/file && id -u && ${fileSystem}`
          const output = await run(medium, user === 'root' ? undefined : { runAsUser: 1001 }, script)
          expect(output).toBe(`${mode.slice(1)}\ncontent\n${user === 'root' ? '0' : '1001'}\n${tmpfs}\n`)
        })
      }
    const place = name === 'tmpfs' ? 'tmpfs' : 'default medium'
    const entry = `[sig-storage] EmptyDir volumes volume on ${place} should have the correct mode [LinuxOnly] [Conformance] [NodeConformance]`
    it(`of medium ${name} can be written by everybody${covers(entry)}`, async () => {
      expect(await run(medium, undefined, `stat -c %a /v && ${fileSystem}`)).toBe(`777\n${tmpfs}\n`)
    })
  }

  it(`is shared by the containers of a Pod${covers('EmptyDir, Shared volumes between containers')}`, async () => {
    const volumeMounts = [{ name: 'v', mountPath: '/v' }]
    const output = await outputOf(ns, next(), {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        { name: 'main', ...shell('until test -s /v/data; do sleep 0.1; done; cat /v/data'), volumeMounts },
        { name: 'sub', ...shell('sleep 1; echo dropped > /v/tmp && mv /v/tmp /v/data'), volumeMounts },
      ],
    })
    expect(output).toBe('dropped\n')
  })
})
