import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { cpuSetText, parseCpuSet } from './cpuset.ts'
import { takeDistributed } from './distribute.ts'
import { allocate, policyOptions, released, startState, staticPolicy } from './policy.ts'
import { reservedCpus, reservedMilli } from './reserve.ts'
import { emptyState, parseState, stateText, type CpuState } from './state.ts'
import { takeByTopology } from './take.ts'
import { readTopology, type CpuPlace, type Topology } from './topology.ts'

const machine = (cpus: number, place: (cpu: number) => CpuPlace): Topology =>
  new Map(Array.from({ length: cpus }, (_, cpu) => [cpu, place(cpu)]))
// pkg/kubelet/cm/cpumanager/policy_test.go
const singleSocketHT = machine(8, (cpu) => ({ core: cpu % 4, socket: 0, numa: 0 }))
const dualSocketHT = machine(12, (cpu) => ({ core: cpu % 6, socket: cpu % 2, numa: cpu % 2 }))
const dualSocketNoHT = machine(8, (cpu) => ({ core: cpu, socket: cpu < 4 ? 0 : 1, numa: cpu < 4 ? 0 : 1 }))
// two sockets of two NUMA nodes of ten cores
const multiNuma = machine(80, (cpu) => {
  const core = cpu % 40
  return { core, socket: Math.floor(core / 20), numa: Math.floor(core / 10) }
})
// one NUMA node of two sockets
const wideNuma = machine(8, (cpu) => ({ core: cpu % 4, socket: cpu % 2, numa: 0 }))

const options = policyOptions({})
const pod = (uid: string, containers: Record<string, string>, init: Record<string, string> = {}): Pod => {
  const made = (of: Record<string, string>): Container[] =>
    Object.entries(of).map(([name, cpu]) => {
      const amounts = { cpu, memory: '1Gi' }
      return {
        name,
        resources: { requests: amounts, limits: name.startsWith('free') ? {} : amounts },
        ...(name.startsWith('sidecar') && { restartPolicy: 'Always' }),
      }
    })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: uid, uid },
    spec: { containers: made(containers), initContainers: made(init) },
  }
}
const shown = ({ shared, assignments }: CpuState) => ({
  shared: cpuSetText(shared),
  ...Object.fromEntries(
    [...assignments].flatMap(([uid, of]) => [...of].map(([name, cpus]) => [`${uid}/${name}`, cpuSetText(cpus)])),
  ),
})

describe('sets of CPUs', () => {
  it.each([
    ['', ''],
    ['3,1,2', '1-3'],
    ['0-2,4,6-7', '0-2,4,6-7'],
    ['5,5', '5'],
  ])('%s is %s', (text, canonical) => expect(cpuSetText(parseCpuSet(text))).toBe(canonical))

  it.each([
    ['a', 'strconv.Atoi: parsing "a": invalid syntax'],
    ['1-', 'strconv.Atoi: parsing "1-": invalid syntax'],
    ['3-1', 'invalid range "3-1" (3 > 1)'],
    ['0-999999', 'strconv.Atoi: parsing "0-999999": value out of range'],
  ])('%s is none', (text, message) => expect(() => parseCpuSet(text)).toThrow(new Error(message)))
})

describe('taking CPUs', () => {
  // cpu_assignment_test.go TestTakeByTopologyNUMAPacked
  it.each<[string, Topology, string, number, string]>([
    ['nothing', singleSocketHT, '0-7', 0, ''],
    ['one CPU', singleSocketHT, '0-7', 1, '0'],
    ['one CPU of a core that is taken in part', singleSocketHT, '1,3,5,6-7', 1, '6'],
    ['a core', singleSocketHT, '0-7', 2, '0,4'],
    ['the one core that is free', singleSocketHT, '0-3,6', 2, '2,6'],
    ['a core and a half', singleSocketHT, '0-7', 3, '0-1,4'],
    ['all of a machine', singleSocketHT, '0-7', 8, '0-7'],
    ['one CPU of the socket with less', dualSocketHT, '1-5,7-11', 1, '2'],
    ['a socket', dualSocketHT, '0-11', 6, '0,2,4,6,8,10'],
    ['a socket that is free', dualSocketHT, '1-11', 6, '1,3,5,7,9,11'],
    ['CPUs without siblings', dualSocketNoHT, '0-7', 3, '0-2'],
    ['a socket without siblings', dualSocketNoHT, '1-7', 4, '4-7'],
    ['a socket of NUMA nodes', multiNuma, '0-79', 40, '0-19,40-59'],
    ['a NUMA node', multiNuma, '0-79', 20, '0-9,40-49'],
    ['a socket and a NUMA node', multiNuma, '0-79', 60, '0-29,40-69'],
    ['those with all cores', multiNuma, '1-39,41-79', 60, '10-39,50-79'],
    ['a socket in a NUMA node', wideNuma, '0-7', 4, '0,2,4,6'],
  ])('takes %s', (_, topology, free, count, taken) => {
    expect(cpuSetText(takeByTopology(topology, parseCpuSet(free), count))).toBe(taken)
  })

  it('takes no more than there are', () => {
    const message = 'not enough cpus available to satisfy request: requested=5, available=4'
    expect(() => takeByTopology(singleSocketHT, parseCpuSet('0,2,4,6'), 5)).toThrow(new Error(message))
  })
})

describe('sharing CPUs out', () => {
  // two sockets of four NUMA nodes of sixteen cores
  const large = machine(256, (cpu) => {
    const core = cpu % 128
    return { core, socket: Math.floor(core / 64), numa: Math.floor(core / 16) }
  })
  const uneven = '0-8,10-18,20-39,40-48,50-58,60-79'
  const live =
    '0,128,30,31,158,159,43-47,171-175,62,63,190,191,75-79,203-207,94,96,222,223,101-111,229-239,126,127,254,255'
  // cpu_assignment_test.go TestTakeByTopologyNUMADistributed
  it.each<[string, Topology, string, number, number, string]>([
    ['nothing', singleSocketHT, '0-7', 0, 1, ''],
    ['one CPU of the node with more', dualSocketHT, '1-5,7-11', 1, 1, '1'],
    ['what one node has', dualSocketHT, '0-11', 6, 1, '0,2,4,6,8,10'],
    ['two cores of each of two nodes', dualSocketHT, '0-11', 8, 1, '0-3,6-9'],
    ['eight cores of each node', multiNuma, '0-79', 64, 1, '0-7,10-17,20-27,30-37,40-47,50-57,60-67,70-77'],
    ['and what is over of some', multiNuma, '0-79', 62, 1, '0-7,10-17,20-27,30-37,40-47,50-57,60-66,70-76'],
    ['in whole cores', multiNuma, '0-79', 62, 2, '0-7,10-17,20-27,30-36,40-47,50-57,60-67,70-76'],
    ['of those with more', multiNuma, uneven, 62, 1, '0-7,10-17,20-27,30-37,40-46,50-56,60-67,70-77'],
    ['of those with more, in whole cores', multiNuma, uneven, 62, 2, '0-7,10-16,20-27,30-37,40-47,50-56,60-67,70-77'],
    [
      'what is over of those that have it',
      multiNuma,
      '0-3,10-13,20-23,30-36,40-43,50-53,60-63,70-76',
      34,
      1,
      '0-3,10-13,20-23,30-34,40-43,50-53,60-63,70-74',
    ],
    ['as on a machine in use', large, live, 28, 1, '43-47,75-79,96,101-105,171-174,203-206,229-232'],
    ['what cannot be shared out in cores as ever', dualSocketHT, '0-11', 3, 2, '0,2,6'],
    ['what no nodes can share out as ever', dualSocketHT, '0-4,6,8,10', 8, 1, '0-4,6,8,10'],
  ])('takes %s', (_, topology, free, count, group, taken) => {
    expect(cpuSetText(takeDistributed(topology, parseCpuSet(free), count, group))).toBe(taken)
  })

  it('takes no more than there are', () => {
    const message = 'not enough cpus available to satisfy request: requested=5, available=4'
    expect(() => takeDistributed(dualSocketHT, parseCpuSet('0,2,4,6'), 5, 1)).toThrow(new Error(message))
  })

  it('is what the policy does when it is asked to', () => {
    const shares = (more: Record<string, string>) =>
      allocate(
        staticPolicy(dualSocketHT, 2, new Set(), policyOptions({ 'distribute-cpus-across-numa': 'true', ...more })),
        { shared: parseCpuSet('0-11'), assignments: new Map() },
        pod('a', { web: '8' }),
      )
    // four free in the first node, six in the second
    expect(shown(shares({}))).toEqual({ shared: '0,5-6,11', 'a/web': '1-4,7-10' })
    const cores = { 'full-pcpus-only': 'true' }
    expect(shown(shares(cores))).toEqual({ shared: '0,5-6,11', 'a/web': '1-4,7-10' })
  })
})

describe('the static policy', () => {
  const policy = staticPolicy(singleSocketHT, 1, new Set(), options)
  const start = startState(policy, emptyState)

  it('gives whole CPUs of guaranteed Pods to them alone', () => {
    const one = allocate(policy, start, pod('a', { web: '2', small: '500m' }))
    expect(shown(one)).toEqual({ shared: '0,2-4,6-7', 'a/web': '1,5' })
    const two = allocate(policy, one, pod('b', { web: '1' }))
    expect(shown(two)).toEqual({ shared: '0,2-3,6-7', 'a/web': '1,5', 'b/web': '4' })
    expect(allocate(policy, two, pod('b', { web: '1' }))).toEqual(two)
    expect(allocate(policy, two, pod('c', { free: '2' }))).toBe(two)
    expect(allocate(policy, two, pod('c', { web: '1500m' }))).toBe(two)
    expect(shown(released(two, [pod('b', { web: '1' })]))).toEqual({ shared: '0-3,5-7', 'b/web': '4' })
    expect(released(two, [pod('a', { web: '2' }), pod('b', { web: '1' })])).toBe(two)
  })

  it('keeps what is reserved', () => {
    const message = 'not enough cpus available to satisfy request: requested=8, available=7'
    expect(() => allocate(policy, start, pod('a', { web: '8' }))).toThrow(new Error(message))
    expect(shown(allocate(policy, start, pod('a', { web: '7' })))).toEqual({ shared: '0', 'a/web': '1-7' })
  })

  it('lets containers have what init containers before them had, but not what sidecars have', () => {
    const both = allocate(policy, start, pod('a', { web: '2' }, { init: '4', sidecar: '2' }))
    expect(shown(both)).toEqual({ shared: '0,3-4,7', 'a/init': '1-2,5-6', 'a/sidecar': '1,5', 'a/web': '2,6' })
    expect(shown(released(both, [pod('a', { web: '2' })]))).toEqual({ shared: '0-1,3-5,7', 'a/web': '2,6' })
  })

  it('gives whole cores where it must', () => {
    const whole = staticPolicy(singleSocketHT, 1, new Set(), policyOptions({ 'full-pcpus-only': 'true' }))
    const refused = (cpu: string): string => {
      try {
        return String(allocate(whole, start, pod('a', { web: cpu })))
      } catch (error) {
        const { reason, message } = error as { reason?: string; message: string }
        return `${reason}: ${message}`
      }
    }
    expect(refused('1')).toBe('SMTAlignmentError: SMT Alignment Error: requested 1 cpus not multiple cpus per core = 2')
    expect(refused('8')).toBe(
      'SMTAlignmentError: SMT Alignment Error: not enough free physical CPUs: available physical CPUs = 6, requested CPUs = 8, CPUs per core = 2',
    )
  })

  it('reserves the lowest cores, or those that are named', () => {
    expect(cpuSetText(staticPolicy(singleSocketHT, 2, new Set(), options).reserved)).toBe('0,4')
    expect(cpuSetText(staticPolicy(singleSocketHT, 1, parseCpuSet('3'), options).reserved)).toBe('3')
    const message = '[cpumanager] unable to reserve the required amount of CPUs (size of 0-1 did not equal 1)'
    expect(() => staticPolicy(singleSocketHT, 1, parseCpuSet('0-1'), options)).toThrow(new Error(message))
  })

  // policy_static_test.go TestStaticPolicyStart
  it.each<[string, Record<string, string>, boolean, string]>([
    ['', {}, false, ''],
    ['', {}, true, ''],
    ['1-7', {}, true, ''],
    ['0-7', {}, true, 'some of strictly reserved cpus: "0" are present in defaultCpuSet: "0-7"'],
    ['1-7', {}, false, 'not all reserved cpus: "0" are present in defaultCpuSet: "1-7"'],
    ['', { a: '1' }, false, 'default cpuset cannot be empty'],
    ['0-7', { a: '1' }, false, 'pod: a, container: web cpuset: "1" overlaps with default cpuset "0-7"'],
    ['0-6', {}, false, `current set of available CPUs "0-7" doesn't match with CPUs in state "0-6"`],
    ['0,2-7', { a: '1' }, false, ''],
  ])('begins with %s and %j (strict: %s): %s', (shared, given, strict, problem) => {
    const named = policyOptions({ 'strict-cpu-reservation': String(strict) })
    const assignments = Object.entries(given).map(
      ([uid, cpus]) => [uid, new Map([['web', parseCpuSet(cpus)]])] as const,
    )
    const begin = () =>
      startState(staticPolicy(singleSocketHT, 1, new Set(), named), {
        shared: parseCpuSet(shared),
        assignments: new Map(assignments),
      })
    if (problem) expect(begin).toThrow(new Error(problem))
    else expect(cpuSetText(begin().shared)).toBe(shared || (strict ? '1-7' : '0-7'))
  })

  it.each([
    [{ a: '1' }, 'unknown CPU Manager Policy option: "a"'],
    [{ toString: '1' }, 'unknown CPU Manager Policy option: "toString"'],
    [
      { 'full-pcpus-only': 'yes' },
      'bad value for option "full-pcpus-only": strconv.ParseBool: parsing "yes": invalid syntax',
    ],
    [
      { 'align-by-socket': 'true' },
      'CPU Manager Policy Alpha-level Options not enabled, but option "align-by-socket" provided',
    ],
    [
      { 'prefer-align-cpus-by-uncorecache': 'true' },
      'CPU Manager Policy option "prefer-align-cpus-by-uncorecache" is not supported by this kubelet',
    ],
  ])('has no option %j', (given, message) => {
    expect(() => policyOptions(given)).toThrow(new Error(message))
  })
})

describe('the file of the state', () => {
  // as upstream's kubelet wrote them
  it.each([
    ['none', '{"policyName":"none","defaultCpuSet":"","checksum":1353318690}'],
    ['static', '{"policyName":"static","defaultCpuSet":"0-3","checksum":611748604}'],
    [
      'static',
      '{"policyName":"static","defaultCpuSet":"0-1,6-13,18-23","entries":{"28c11c89-3493-4972-bb67-7090b9d75e0d":{"mytestclient":"2-3,14-15","mytestclient2":"4-5,16-17"}},"checksum":1684933537}',
    ],
    [
      'static',
      '{"policyName":"static","defaultCpuSet":"0,2-95,97-191","entries":{"823ca0b5-ed9e-421a-bfca-76fa078f3195":{"ubuntu-netutils":"96"},"b8292fdc-57b1-4bc4-937b-34cd3dd1bcb8":{"ubuntu-netutils":"1"}},"checksum":4076905443}',
    ],
  ])("is upstream's: %s %s", (policy, text) => {
    expect(stateText(policy, parseState(policy, text))).toBe(text)
  })

  it.each([
    ['{', 'checkpoint is corrupted'],
    ['{"policyName":"none","defaultCpuSet":"","checksum":1}', 'checkpoint is corrupted'],
    ['[]', 'checkpoint is corrupted'],
    [
      '{"policyName":"none","defaultCpuSet":"","checksum":1353318690}',
      'configured policy "static" differs from state checkpoint policy "none"',
    ],
  ])('is refused: %s', (text, message) => expect(() => parseState('static', text)).toThrow(new Error(message)))
})

it('CPUs that are reserved by name take the place of amounts', () => {
  const [kube, system] = [{ cpu: '500m', memory: '1Gi' }, { cpu: '100m' }]
  const cpus = parseCpuSet('0-3')
  const amounts = reservedCpus('', cpus, kube, system)
  expect({ ...amounts, milli: reservedMilli(amounts) }).toEqual({ kube, system, named: new Set(), milli: 600 })
  const named = reservedCpus('0,2', cpus, kube, system)
  expect(named).toEqual({ kube: { memory: '1Gi' }, system: { cpu: '2' }, named: new Set([0, 2]) })
  const message = 'invalid cpuset "3-4" specified by --reserved-cpus'
  expect(() => reservedCpus('3-4', cpus, kube, system)).toThrow(new Error(message))
})

it('the topology is what the kernel says', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'kubets-topology-'))
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(path.join(root, path.dirname(name)), { recursive: true })
    await writeFile(path.join(root, name), `${text}\n`)
  }
  try {
    await write('cpu/online', '0-3')
    // the second has cores of the same numbers
    for (const [cpu, socket, core] of [
      [0, 0, 0],
      [1, 1, 0],
      [2, 0, 0],
      [3, 1, 1],
    ]) {
      await write(`cpu/cpu${cpu}/topology/physical_package_id`, String(socket))
      await write(`cpu/cpu${cpu}/topology/core_id`, String(core))
    }
    await write('node/node0/cpulist', '0,2')
    await write('node/node1/cpulist', '1,3')
    await write('node/online', '0-1')
    expect(Object.fromEntries(await readTopology(root))).toEqual({
      0: { core: 0, socket: 0, numa: 0 },
      1: { core: 1, socket: 1, numa: 1 },
      2: { core: 0, socket: 0, numa: 0 },
      3: { core: 3, socket: 1, numa: 1 },
    })
  } finally {
    await rm(root, { recursive: true })
  }
})
