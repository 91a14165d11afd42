import { randomInt } from 'node:crypto'
import {
  isHeadless,
  needsClusterIP,
  needsHealthCheck,
  needsNodePort,
} from '@kubets/shared/api/kinds/core/services/facts.ts'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import { internal, invalid } from '@kubets/shared/machinery/errors.ts'
import { invalid as invalidField, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { ObjectWrite, Storage } from '../../storage/storage.ts'
import type { Behaviour, Companions } from '../behaviour.ts'
import { contains, parseAddress, type Range } from '@kubets/shared/machinery/addresses.ts'
import { clusterIPsOf, ipAddresses, ipAddressFor, nodePortFor, nodePorts, nodePortsOf } from './allocations.ts'
import { fillFamilies } from './families.ts'
import { pickAddress, pickFree, reservedPorts } from './pick.ts'
import { openRanges } from './ranges.ts'

export interface ServiceRanges {
  /** The default family first. */
  ips: readonly Range[]
  nodePorts: { min: number; max: number }
}

const kind = { group: '', kind: 'Service' }

/**
 * Cluster IPs and node ports: each is a key of its own, written in the Service's own transaction on the condition that it
 * is free. So two apiservers cannot give one away twice, and a Service that goes takes its own with it.
 */
export function serviceBehaviour(storage: Storage, ranges: ServiceRanges): Behaviour {
  const allocator = new ServiceAllocator(storage, ranges)
  return { plan: (old, next, avoid) => allocator.plan(old as Service | undefined, next as Service | undefined, avoid) }
}

class ServiceAllocator {
  readonly #storage: Storage
  readonly #ranges: ServiceRanges

  constructor(storage: Storage, ranges: ServiceRanges) {
    this.#storage = storage
    this.#ranges = ranges
  }

  plan(old: Service | undefined, next: Service | undefined, avoid: ReadonlySet<string>): Companions {
    const asked = { ips: new Set(clusterIPsOf(next)), ports: new Set(nodePortsOf(next)) }
    if (next) {
      this.#refuse(next, [
        ...fillFamilies(
          next.spec,
          this.#ranges.ips.map(({ family }) => family),
        ),
        ...this.#outOfRange(next, old),
      ])
      this.#fillIPs(next, avoid)
      this.#fillPorts(next, avoid)
    }
    const now = this.#storage.now()
    const writes = [
      ...this.#difference(
        ipAddresses,
        clusterIPsOf(old),
        clusterIPsOf(next),
        (ip) => next && ipAddressFor(ip, next, now),
      ),
      ...this.#difference(
        nodePorts,
        nodePortsOf(old).map(String),
        nodePortsOf(next).map(String),
        (port) => next && nodePortFor(Number(port), next),
      ),
    ]
    return { writes, taken: (write) => (write.object && next ? takenError(next, write, asked) : undefined) }
  }

  #refuse(service: Service, errors: FieldError[]): void {
    if (errors.length > 0) throw invalid(kind, service.metadata.name ?? '', errors)
  }

  // pkg/registry/core/service/ipallocator/interfaces.go ErrMismatchedNetwork, portallocator/allocator.go ErrNotInRange
  #outOfRange({ spec }: Service, old: Service | undefined): FieldError[] {
    const errors: FieldError[] = []
    const ranges = openRanges(this.#storage, this.#ranges.ips)
    const had = clusterIPsOf(old)
    for (const ip of (spec.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '' && !had.includes(ip))) {
      const address = parseAddress(ip)
      if (address && ranges.some((range) => contains(range, address))) continue
      const detail = `failed to allocate IP ${ip}: the provided network does not match the current range`
      errors.push(invalidField('spec.clusterIPs', spec.clusterIPs, detail))
    }
    const { min, max } = this.#ranges.nodePorts
    const hadPorts = nodePortsOf(old)
    for (const [index, { nodePort = 0 }] of (spec.ports ?? []).entries()) {
      if (nodePort === 0 || hadPorts.includes(nodePort) || (nodePort >= min && nodePort <= max)) continue
      const detail = `provided port is not in the valid range. The range of valid ports is ${String(min)}-${String(max)}`
      errors.push(invalidField(`spec.ports[${String(index)}].nodePort`, nodePort, detail))
    }
    return errors
  }

  #fillIPs({ spec }: Service, avoid: ReadonlySet<string>): void {
    if (!needsClusterIP(spec) || isHeadless(spec)) return
    const held = this.#storage.resource(ipAddresses)
    const taken = (ip: string): boolean => avoid.has(ip) || held.get(ip) !== undefined
    const ranges = openRanges(this.#storage, this.#ranges.ips)
    const ips = [...(spec.clusterIPs ?? [])]
    for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
      if (ips[index]) continue
      let ip: string | undefined
      for (const range of ranges.filter((range) => range.family === family)) ip ??= pickAddress(range, taken, randomInt)
      if (ip === undefined) throw internal(new Error('failed to allocate a serviceIP: range is full'))
      ips[index] = ip
    }
    // a Service that becomes single-stack gives the second one back
    spec.clusterIPs = ips.slice(0, spec.ipFamilies?.length ?? 1)
    spec.clusterIP = spec.clusterIPs[0] ?? ''
  }

  #fillPorts({ spec }: Service, avoid: ReadonlySet<string>): void {
    const used = new Set(nodePortsOf({ spec } as Service))
    const allocate = (): number => {
      const port = this.#freePort((candidate) => used.has(candidate) || avoid.has(String(candidate)))
      used.add(port)
      return port
    }
    if (needsNodePort(spec))
      for (const port of spec.ports ?? []) {
        if (port.nodePort) continue
        // one number serves several protocols of the same port
        // pkg/registry/core/service/portallocator/operation.go, storage/alloc.go allocNodePort
        const twin = spec.ports?.find((it) => it.nodePort && it.port === port.port && it.protocol !== port.protocol)
        port.nodePort = twin?.nodePort ?? allocate()
      }
    if (needsHealthCheck(spec)) spec.healthCheckNodePort ||= allocate()
  }

  #freePort(unusable: (port: number) => boolean): number {
    const { min, max } = this.#ranges.nodePorts
    const held = this.#storage.resource(nodePorts)
    const taken = (offset: number): boolean => unusable(min + offset) || held.get(String(min + offset)) !== undefined
    const size = max - min + 1
    const offset = pickFree(size, taken, randomInt, reservedPorts(size))
    if (offset === undefined) throw internal(new Error('failed to allocate a nodePort: range is full'))
    return min + offset
  }

  #difference(
    resource: ObjectWrite['resource'],
    had: readonly string[],
    has: readonly string[],
    make: (key: string) => KubeObject | undefined,
  ): ObjectWrite[] {
    const added = has.filter((key) => !had.includes(key))
    const removed = had.filter((key) => !has.includes(key))
    const cache = this.#storage.resource(resource)
    return [
      ...added.map((key) => ({ resource, key, object: make(key), expect: 0 })),
      ...removed.flatMap((key) => {
        const held = cache.get(key)
        return held ? [{ resource, key, object: undefined, expect: Number(held.resourceVersion) }] : []
      }),
    ]
  }
}

/** What was asked for by number and is another's is a 422; what was picked is picked again. */
function takenError(
  service: Service,
  { resource, key }: ObjectWrite,
  asked: { ips: Set<string>; ports: Set<number> },
): Error | undefined {
  const name = service.metadata.name ?? ''
  const { spec } = service
  if (resource === ipAddresses) {
    if (!asked.ips.has(key)) return undefined
    const detail = `failed to allocate IP ${key}: provided IP is already allocated`
    return invalid(kind, name, [invalidField('spec.clusterIPs', spec.clusterIPs, detail)])
  }
  if (!asked.ports.has(Number(key))) return undefined
  const index = (spec.ports ?? []).findIndex(({ nodePort }) => nodePort === Number(key))
  // pkg/registry/core/service/storage/alloc.go allocHealthCheckNodePort
  if (index < 0)
    return internal(
      new Error(`failed to allocate requested HealthCheck NodePort ${key}: provided port is already allocated`),
    )
  return invalid(kind, name, [
    invalidField(`spec.ports[${String(index)}].nodePort`, Number(key), 'provided port is already allocated'),
  ])
}
