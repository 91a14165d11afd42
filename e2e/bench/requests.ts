import { Client } from '@kubets/shared/client/client.ts'
import type { ClientConfig } from '@kubets/shared/client/config.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { configMap, empty, pathOf, send } from './objects.ts'
import { rate } from './stats.ts'
import type { Row } from './table.ts'

const milliseconds = 3000
const concurrencies = [1, 32, 128]
/** A client opens 64 connections at most. */
const clients = 2

/** creates/s, gets/s and updates/s of ConfigMaps of 1 KiB, so many at a time. */
export async function requestRows(config: ClientConfig, namespace: string): Promise<Row[]> {
  const all = Array.from({ length: clients }, () => new Client(config, { clock: realClock }))
  const path = pathOf(namespace, 'configmaps')
  let made = 0
  const of = (worker: number): Client => all[worker % clients] as Client
  const name = (index: number): string => `bench-${String(index)}`
  const create = (_: number, worker: number): Promise<unknown> =>
    send(of(worker), 'POST', path, configMap(name(made++)))
  const get = (index: number, worker: number): Promise<unknown> =>
    send(of(worker), 'GET', `${path}/${name(index % made)}`)
  // each has an object of its own: what is measured is not how conflicts are settled
  const update = (index: number, worker: number): Promise<unknown> =>
    send(of(worker), 'PUT', `${path}/${name(worker)}`, configMap(name(worker), String(index)))
  try {
    for (const work of [create, get, update]) await rate({ milliseconds: 1000, concurrency: 128 }, work) // warm-up
    const rows: Row[] = []
    for (const [what, work] of Object.entries({ creates: create, gets: get, updates: update })) {
      const rates: string[] = []
      for (const concurrency of concurrencies) rates.push((await rate({ milliseconds, concurrency }, work)).toFixed(0))
      rows.push({
        name: `${what}/s (ConfigMap of 1 KiB, ${concurrencies.join(' / ')} at a time)`,
        value: rates.join(' / '),
      })
    }
    await empty(of(0), path)
    return rows
  } finally {
    await Promise.all(all.map((client) => client.close()))
  }
}
