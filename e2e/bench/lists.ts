import type { Client } from '@kubets/shared/client/client.ts'
import { configMap, empty, fill, pathOf, send } from './objects.ts'
import { summarize, timed } from './stats.ts'
import type { Row } from './table.ts'

const sizes = [1000, 5000, 20_000]
const samples = 20
const fillMilliseconds = 60_000
const listMilliseconds = 15_000

/** Lists of ConfigMaps of 1 KiB: how long, and how many bytes. */
export async function listRows(client: Client, namespace: string): Promise<Row[]> {
  const path = pathOf(namespace, 'configmaps')
  const rows: Row[] = []
  let made = 0
  for (const size of sizes) {
    const range = { from: made, to: size, milliseconds: fillMilliseconds }
    made = await fill(client, path, (index) => configMap(`list-${String(index)}`), range)
    rows.push(await listRow(client, path, made))
    if (made < size) break // a server that slow is not asked for more
  }
  await empty(client, path)
  return rows
}

async function listRow(client: Client, path: string, count: number): Promise<Row> {
  const end = performance.now() + listMilliseconds
  const times: number[] = []
  let bytes = 0
  while (times.length < samples && (times.length === 0 || performance.now() < end)) {
    const { ms, result } = await timed(() => send(client, 'GET', path))
    times.push(ms)
    bytes = result.length
  }
  const { median, p99 } = summarize(times)
  return {
    name: `list of ${String(count)} (ms, median / p99 of ${String(times.length)}; MiB)`,
    value: `${median.toFixed(1)} / ${p99.toFixed(1)}; ${(bytes / 1024 / 1024).toFixed(1)}`,
  }
}
