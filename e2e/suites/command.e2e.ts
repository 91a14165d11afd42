import { describe, expect, it } from 'vitest'
import { kubectl } from '../harness/kubectl.ts'
import { kubets } from '../harness/programs.ts'

/** The kubets command, seen by somebody who uses it while the cluster runs. */
describe('the kubets command', () => {
  it('says that a cluster runs already when asked to start a second one', async () => {
    const again = await kubets('up')
    expect(again.code).toBe(0)
    expect(again.stdout).toMatch(/^kubets is already running since \S+/)
  })

  it('lists what runs, since when', async () => {
    const { code, stdout } = await kubets('status')
    expect(code).toBe(0)
    for (const name of ['etcd', 'apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy']) {
      expect(stdout).toMatch(new RegExp(`^${name} +running +\\d+ +\\d{4}-\\d\\d-\\d\\dT\\S+Z `, 'm'))
    }
  })

  it('added the context kubets, and it is the current one', async () => {
    expect(await kubectl(['config', 'current-context'])).toBe('kubets\n')
  })

  it.each([
    [['fly'], /Usage: kubets/],
    [['up', '--no-such-flag'], /--no-such-flag/],
    [['up', '--secure-port=many'], /"many" is not a port number/],
  ])('refuses %j in words, without a stack', async (args, text) => {
    const [verb = '', ...flags] = args
    const refused = await kubets(verb, ...flags)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toMatch(text)
    expect(refused.stderr).not.toMatch(/^ +at /m)
  })
})
