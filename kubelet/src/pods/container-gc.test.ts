import { describe, expect, it } from 'vitest'
import type { Container, PodSandbox } from '../runtime/types.ts'
import { deadContainers, deadSandboxes, type ContainerGcPolicy } from './container-gc.ts'
import { exited, identity, running, sandbox, t0 } from './fixtures.ts'

const other = { ...identity, uid: 'u2' }
const now = t0 + 60_000
const defaults: ContainerGcPolicy = { minAgeMs: 0, maxPerContainer: 1, maxContainers: -1 }

interface Case {
  name: string
  containers: Container[]
  policy?: Partial<ContainerGcPolicy>
  ended?: string
  gone: string[]
}

const cases: Case[] = [
  {
    name: 'one dead instance of each container stays',
    containers: [exited('a', 1, 0), exited('a', 1, 2), exited('a', 1, 1), running('a', 3), exited('b', 0, 0)],
    gone: ['a-0', 'a-1'],
  },
  {
    name: 'those of the same name in another Pod are others',
    containers: [exited('a', 1, 0), exited('a', 1, 1, { pod: other, id: 'other' })],
    gone: [],
  },
  {
    name: 'more stay when they may',
    containers: [exited('a', 1, 0), exited('a', 1, 1), exited('a', 1, 2)],
    policy: { maxPerContainer: 2 },
    gone: ['a-0'],
  },
  { name: 'or none', containers: [exited('a', 1, 0), running('a', 1)], policy: { maxPerContainer: 0 }, gone: ['a-0'] },
  {
    name: 'all stay without a limit',
    containers: [exited('a', 1, 0), exited('a', 1, 1)],
    policy: { maxPerContainer: -1 },
    gone: [],
  },
  {
    name: 'the young ones are not looked at',
    containers: [exited('a', 1, 0), exited('a', 1, 1, { createdAt: now - 10 }), exited('a', 1, 2, { createdAt: now })],
    policy: { minAgeMs: 11 },
    gone: [],
  },
  {
    name: 'nothing stays of Pods that have ended when room is needed',
    containers: [exited('a', 0, 0), exited('a', 0, 0, { pod: other, id: 'other' })],
    ended: 'u2',
    gone: ['other'],
  },
  {
    name: 'a limit for all is shared by the containers first',
    containers: [exited('a', 1, 0), exited('a', 1, 1), exited('a', 1, 2), exited('b', 1, 0), exited('b', 1, 5)],
    policy: { maxPerContainer: -1, maxContainers: 2 },
    gone: ['a-0', 'a-1', 'b-0'],
  },
  {
    name: 'then the first instances go',
    containers: [exited('a', 1, 0), exited('b', 1, 3), exited('c', 1, 1)],
    policy: { maxContainers: 2 },
    gone: ['a-0'],
  },
]

describe('deadContainers', () => {
  it.each(cases)('$name', ({ containers, policy, ended, gone }) => {
    const found = deadContainers(containers, { ...defaults, ...policy }, now, (uid) => uid === ended)
    expect(found.map(({ id }) => id).toSorted()).toEqual(gone)
  })
})

describe('deadSandboxes', () => {
  const dead = (attempt: number, more: Partial<PodSandbox> = {}): PodSandbox =>
    sandbox(attempt, { state: 'SANDBOX_NOTREADY', ...more })
  it.each<[string, PodSandbox[], Container[], string, string[]]>([
    ['the newest of a Pod stays', [dead(0), dead(1), dead(2)], [], '', ['s0', 's1']],
    ['what runs stays', [sandbox(0), dead(1)], [], '', []],
    ['what holds a container stays', [dead(0), dead(1)], [exited('a', 0)], '', []],
    ['of a Pod that has ended none stays', [dead(0), sandbox(1)], [], 'u1', ['s0']],
    ['each Pod has its own', [dead(0), dead(1, { pod: other })], [], '', []],
  ])('%s', (_name, sandboxes, containers, ended, gone) => {
    expect(deadSandboxes(sandboxes, containers, (uid) => uid === ended).map(({ id }) => id)).toEqual(gone)
  })
})
