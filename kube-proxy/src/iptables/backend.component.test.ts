import { spawn, type ChildProcess } from 'node:child_process'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, type Run } from '../command.ts'
import { forgetFlows } from '../conntrack.ts'
import { node as nodeCase, service, slice, tcp80 } from '../rules/cases.ts'
import { staleFlows } from '../rules/conntrack.ts'
import type { Model, RulesConfig } from '../rules/model.ts'
import { rules } from '../rules/rules.ts'
import type { Sysctls } from '../sysctls.ts'
import { IptablesBackend } from './backend.ts'

// A node and its neighbours as network namespaces joined by veth pairs: two Pods and a client outside the Pods' range.
const id = process.pid.toString(36)
const nodeNs = `kp-${id}-node`
const pods = ['10.244.1.2', '10.244.2.2']
const clientIP = '10.55.0.2'
const signal = AbortSignal.timeout(600_000)
const servers: ChildProcess[] = []

const nsName = (name: string): string => `kp-${id}-${name}`
const inNs =
  (ns: string): Run =>
  (command, args, options) =>
    run('ip', ['netns', 'exec', ns, command, ...args], options)
const nodeRun = inNs(nodeNs)
const ip = (...args: string[]): Promise<unknown> => run('ip', args, { signal })

const procPath = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`
const sysctls: Sysctls = {
  read: (name) =>
    nodeRun('cat', [procPath(name)], { signal }).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    ),
  write: async (name, value) => void (await nodeRun('tee', [procPath(name)], { input: value, signal })),
}

async function addNeighbour(name: string, address: string, index: number): Promise<void> {
  const ns = nsName(name)
  const gateway = address.replace(/\.2$/, '.1')
  await ip('netns', 'add', ns)
  await ip('link', 'add', `kp${id}${index}`, 'netns', nodeNs, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns)
  await ip('-n', nodeNs, 'addr', 'add', `${gateway}/24`, 'dev', `kp${id}${index}`)
  await ip('-n', nodeNs, 'link', 'set', `kp${id}${index}`, 'up')
  await ip('-n', ns, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
  await ip('-n', ns, 'link', 'set', 'eth0', 'up')
  await ip('-n', ns, 'link', 'set', 'lo', 'up')
  await ip('-n', ns, 'route', 'add', 'default', 'via', gateway)
}

/** A web server that answers with its name and the address it was called from; over UDP with its name alone. */
async function serve(name: string): Promise<void> {
  const code = `const u=require('dgram').createSocket('udp4');u.on('message',(m,r)=>u.send('${name}',r.port,r.address));
    u.bind(80,()=>require('http').createServer((q,s)=>s.end('${name} '+q.socket.remoteAddress))
      .listen(80,'0.0.0.0',()=>console.log('up')))`
  const child = spawn('ip', ['netns', 'exec', nsName(name), process.execPath, '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  servers.push(child)
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', () => reject(new Error(`server ${name} ended`)))
  })
}

/** What a GET from a namespace gets: the body, or the error's code; TIMEOUT is what nobody answers. */
async function get(ns: string, url: string, limitMs = 15_000): Promise<string> {
  const code = `require('http').get('${url}',{agent:false,timeout:${limitMs}},r=>r.setEncoding('utf8').on('data',d=>console.log(d)))
    .on('error',e=>console.log(e.code)).on('timeout',function(){this.destroy(Object.assign(new Error(),{code:'TIMEOUT'}))})`
  return (await inNs(ns)(process.execPath, ['-e', code], { signal })).stdout.trim()
}

/** Who answers a datagram from always the same port of a namespace. */
async function askUDP(ns: string, address: string): Promise<string> {
  const code = `const u=require('dgram').createSocket('udp4');u.on('message',m=>{console.log(String(m));u.close();clearTimeout(t)});
    const t=setTimeout(()=>{console.log('TIMEOUT');u.close()},10000);u.bind(5353,()=>u.send('who',80,'${address}'))`
  return (await inNs(ns)(process.execPath, ['-e', code], { signal })).stdout.trim()
}

const config: RulesConfig = {
  clusterCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  localhostNodePorts: true,
  masqueradeBit: 14,
  randomFully: true,
}
const web = (spec: object = {}) =>
  service('svc1', { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ ...tcp80, nodePort: 30080 }], ...spec })
const podSlice = (...ips: string[]) =>
  slice(
    'svc1',
    ips.map((address) => ({ ip: address, node: nodeCase.name })),
  )
const model = (services = [web()], slices = [podSlice(...pods)]): Model => rules(services, slices, nodeCase, config)

const backend = new IptablesBackend({ run: nodeRun, sysctls, log: silentLogger })
const saved = async (): Promise<string[]> => {
  const { stdout } = await nodeRun('iptables-save', [], { signal })
  return stdout
    .split('\n')
    .filter((line) => /^[*:-]/.test(line))
    .map((line) => line.replace(/\[.*\]/, ''))
}
let before: string[]

beforeAll(async () => {
  await ip('netns', 'add', nodeNs)
  await ip('-n', nodeNs, 'link', 'set', 'lo', 'up')
  await addNeighbour('pod1', pods[0] ?? '', 1)
  await addNeighbour('pod2', pods[1] ?? '', 2)
  await addNeighbour('client', clientIP, 3)
  await addNeighbour('outside', '10.66.0.2', 4)
  // what no rule stops leaves through here, as it would on a real node
  await ip('-n', nodeNs, 'route', 'add', 'default', 'via', '10.66.0.2')
  await sysctls.write('net.ipv4.ip_forward', '1')
  // a new namespace starts with the settings of the machine
  await sysctls.write('net.ipv4.conf.all.route_localnet', '0')
  await Promise.all([serve('pod1'), serve('pod2')])
  // somebody else's rules: they must survive, and the tables exist before us
  await nodeRun('iptables', ['-A', 'FORWARD', '-s', '203.0.113.1', '-j', 'DROP'], { signal })
  await nodeRun('iptables', ['-t', 'nat', '-A', 'POSTROUTING', '-s', '203.0.113.1', '-j', 'MASQUERADE'], { signal })
  await nodeRun('iptables', ['-t', 'mangle', '-A', 'POSTROUTING', '-s', '203.0.113.1', '-j', 'DROP'], { signal })
  before = await saved()
})

afterAll(async () => {
  for (const server of servers) server.kill('SIGKILL')
  for (const name of ['pod1', 'pod2', 'client', 'outside', 'node']) {
    await run('ip', ['netns', 'del', nsName(name)], { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
  }
})

describe('iptables backend', () => {
  it('reaches both Pods through the cluster IP, from a client and from the node itself', async () => {
    expect(await backend.sync(model(), signal)).toMatchObject({ full: true })
    for (const ns of [nsName('client'), nodeNs]) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(ns, 'http://10.96.0.10/')))
      expect(new Set(answers.map((answer) => answer.split(' ')[0]))).toEqual(new Set(['pod1', 'pod2']))
    }
  })

  it("keeps a Pod's own address, and masquerades when a Pod reaches itself", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(nsName('pod1'), 'http://10.96.0.10/')))
    expect(new Set(answers)).toEqual(new Set([`pod2 ${pods[0]}`, 'pod1 10.244.1.1']))
  })

  it('answers node ports on every address of the node, 127.0.0.1 included', async () => {
    expect(await get(nsName('client'), 'http://10.55.0.1:30080/')).toMatch(/^pod/)
    expect(await get(nsName('pod1'), 'http://10.244.1.1:30080/')).toMatch(/^pod/)
    expect(await get(nodeNs, 'http://127.0.0.1:30080/')).toMatch(/^pod/)
    expect(await get(nodeNs, 'http://10.55.0.1:30080/')).toMatch(/^pod/)
  })

  it('refuses addresses and ports of the service range that nobody holds', async () => {
    for (const ns of [nsName('client'), nsName('pod1'), nodeNs]) {
      expect(await get(ns, 'http://10.96.0.11/')).toBe('ECONNREFUSED')
      expect(await get(ns, 'http://10.96.0.10:81/')).toBe('ECONNREFUSED')
    }
  })

  it('lets nothing for such an address out, even past a rule that accepts everything', async () => {
    await nodeRun('iptables', ['-I', 'FORWARD', '-j', 'ACCEPT'], { signal })
    expect(await get(nsName('client'), 'http://10.96.0.11/', 3000)).toBe('TIMEOUT')
    const { stdout } = await nodeRun('iptables-save', ['-c', '-t', 'mangle'], { signal })
    expect(stdout).toMatch(/\[[1-9]\d*:\d+\] -A KUBE-CLUSTER-IPS .* -j DROP/)
    await nodeRun('iptables', ['-D', 'FORWARD', '-j', 'ACCEPT'], { signal })
  })

  it('writes a change alone and follows it', async () => {
    const result = await backend.sync(model([web()], [podSlice(pods[1] ?? '')]), signal)
    expect(result.full).toBe(false)
    expect(result.written).toBeLessThan(result.total / 2)
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(nsName('client'), 'http://10.96.0.10/')))
    expect(new Set(answers.map((answer) => answer.split(' ')[0]))).toEqual(new Set(['pod2']))
    expect(await backend.sync(model([web()], [podSlice(pods[1] ?? '')]), signal)).toMatchObject({ written: 0 })
  })

  it('refuses a Service without endpoints, on its cluster IP and its node port', async () => {
    await backend.sync(model([web()], []), signal)
    expect(await get(nsName('client'), 'http://10.96.0.10/')).toBe('ECONNREFUSED')
    expect(await get(nodeNs, 'http://10.96.0.10/')).toBe('ECONNREFUSED')
    expect(await get(nsName('client'), 'http://10.55.0.1:30080/')).toBe('ECONNREFUSED')
  })

  it("keeps the client's address with externalTrafficPolicy Local, and a client with its Pod under affinity", async () => {
    const sticky = web({ externalTrafficPolicy: 'Local', sessionAffinity: 'ClientIP' })
    await backend.sync(model([sticky]), signal)
    const answers: string[] = []
    for (let i = 0; i < 6; i++) answers.push(await get(nsName('client'), 'http://10.55.0.1:30080/'))
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(new RegExp(`^pod[12] ${clientIP}$`))
  })

  it('sends a UDP client on when its Pod is gone', async () => {
    const udp = { name: 'p80', port: 80, protocol: 'UDP' }
    const services = [service('svc1', { clusterIP: '10.96.0.10', ports: [udp] })]
    const at = (address = ''): Model => model(services, [slice('svc1', [{ ip: address }], udp)])
    const [first, second] = [at(pods[0]), at(pods[1])]
    await backend.sync(first, signal)
    expect(await askUDP(nsName('client'), '10.96.0.10')).toBe('pod1')
    await backend.sync(second, signal)
    await forgetFlows(staleFlows(first, second), { run: nodeRun, log: silentLogger, signal })
    expect(await askUDP(nsName('client'), '10.96.0.10')).toBe('pod2')
  })

  it('notices and repairs rules that somebody removed or put above the refusal', async () => {
    await backend.sync(model(), signal)
    expect(await backend.intact(model(), signal)).toBe(true)
    await nodeRun('iptables', ['-I', 'FORWARD', '-i', 'no-such-device', '-j', 'ACCEPT'], { signal })
    await nodeRun('iptables', ['-t', 'nat', '-F', 'PREROUTING'], { signal })
    expect(await backend.intact(model(), signal)).toBe(false)
    backend.invalidate()
    await backend.sync(model(), signal)
    expect(await backend.intact(model(), signal)).toBe(true)
    expect(await get(nsName('client'), 'http://10.96.0.10/')).toMatch(/^pod/)
    await nodeRun('iptables', ['-D', 'FORWARD', '-i', 'no-such-device', '-j', 'ACCEPT'], { signal })
  })

  it('takes over what another process left, and removes chains nobody wants any more', async () => {
    const successor = new IptablesBackend({ run: nodeRun, sysctls, log: silentLogger })
    expect(await successor.sync(model([], []), signal)).toMatchObject({ full: true })
    expect((await saved()).filter((line) => /KUBE-(SVC|SEP|EXT)-/.test(line))).toEqual([])
  })

  it('leaves nothing behind', async () => {
    expect(await sysctls.read('net.ipv4.conf.all.route_localnet')).toBe('1')
    await backend.sync(model(), signal)
    const remover = new IptablesBackend({ run: nodeRun, sysctls, log: silentLogger })
    await remover.cleanup(signal)
    expect(await saved()).toEqual(before)
    expect(await sysctls.read('net.ipv4.conf.all.route_localnet')).toBe('0')
    await remover.cleanup(signal)
    expect(await saved()).toEqual(before)
  })
})
