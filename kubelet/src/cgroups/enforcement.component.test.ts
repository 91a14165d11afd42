import path from 'node:path'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nodeReference } from '../events.ts'
import { enforceReserved } from './enforcement.ts'
import { limitsOf, makeCgroup } from './look.testing.ts'
import { openCgroups } from './open.ts'
import type { CgroupTree } from './tree.ts'

const { signal } = new AbortController()
const root = `/kubets-test-reserved-${process.pid}`
const [kube, system] = [`${root}/kube`, `${root}/system`]

/** What is kept from Pods, in cgroups that somebody else made. */
describe('enforceReserved', () => {
  let tree: CgroupTree
  const said: string[] = []
  const recorder = {
    event: (_about: unknown, type: string, reason: string, message: string) =>
      said.push(`${type} ${reason}: ${message}`),
  }
  const enforce = (enforceNodeAllocatable: string[], kubeReservedCgroup = kube): Promise<void> =>
    enforceReserved(
      {
        enforceNodeAllocatable,
        kubeReserved: { cpu: '300m', memory: '128Mi', pid: '500' },
        systemReserved: { cpu: '200m', memory: '64Mi', pid: '100' },
        kubeReservedCgroup,
        systemReservedCgroup: system,
      },
      tree,
      recorder,
      nodeReference('n'),
    )
  beforeAll(async () => {
    const found = await openCgroups(true, clock, log)
    if (!found) throw new Error("this test needs the machine's cgroups")
    tree = found
  })
  beforeEach(async () => {
    said.length = 0
    await tree.remove(root, signal)
  })
  afterAll(() => tree.remove(root, signal))

  const make = (name: string): Promise<void> => makeCgroup(tree, name)
  const all = (name: string): Promise<string[]> => limitsOf(tree, name)

  it('limits them in all that is kept, or weighs their CPU alone', async () => {
    await Promise.all([make(kube), make(system)])
    const before = await all(system)
    await enforce(['pods', 'kube-reserved', 'system-reserved-compressible'])
    expect(await all(kube)).toEqual([tree.version === 1 ? '307' : '12', String(128 << 20), '500'])
    expect(await all(system)).toEqual([tree.version === 1 ? '204' : '8', ...before.slice(1)])
    expect(said).toEqual([
      `Normal NodeAllocatableEnforced: Updated limits on kube reserved cgroup ${kube}`,
      `Normal NodeAllocatableEnforced: Updated limits on system reserved cgroup ${system}`,
    ])
  })

  it('leaves them alone when only Pods are held to what is for them', async () => {
    await make(kube)
    const before = await all(kube)
    await enforce(['pods'])
    expect(await all(kube)).toEqual(before)
    expect(said).toEqual([])
  })

  it.each([
    ['kube-reserved', 'Kube Reserved Cgroup Limits', kube],
    ['kube-reserved-compressible', 'Kube Reserved Compressible Cgroup Limits', kube],
    ['system-reserved', 'System Reserved Cgroup Limits', system],
    ['system-reserved-compressible', 'System Reserved Compressible Cgroup Limits', system],
  ])('%s is refused where the cgroup is not there', async (name, limits, cgroup) => {
    const printed = `["${root.slice(1)}" "${path.basename(cgroup)}"]`
    const why =
      tree.version === 1
        ? `cgroup ${printed} has some missing paths: /sys/fs/cgroup/cpu`
        : `could not read controllers for cgroup ${printed}: `
    const text = `Failed to enforce ${limits} on "${cgroup}": ${why}`
    await expect(enforce(['pods', name])).rejects.toThrow(text)
    expect(said).toEqual([expect.stringContaining(`Warning FailedNodeAllocatableEnforcement: ${text}`)])
  })

  it('is refused where a part of the cgroup is not there', async () => {
    if (tree.version === 2) return
    await make(system)
    await tree.create(kube)
    const missing = `/sys/fs/cgroup/cpuset${kube}, /sys/fs/cgroup/systemd${kube}`
    await expect(enforce(['kube-reserved'])).rejects.toThrow(
      new RegExp(`"kube"\\] has some missing paths: .*${missing}$`),
    )
  })
})
