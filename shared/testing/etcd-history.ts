import { realClock } from '../process/clock.ts'

const limitMs = 30_000

interface Answer {
  result?: { header: { revision: string }; events?: { kv: { key: string; mod_revision: string } }[] }
}

/**
 * The keys that etcd's revision moved by in this time, one for each write and deletion, whoever made it: etcd is asked
 * itself, and about all that it holds.
 * @param endpoint e.g. http://127.0.0.1:41234
 */
export async function keysWrittenWithin(endpoint: string, ms: number): Promise<string[]> {
  const before = await revisionOf(endpoint)
  await realClock.sleep(ms) // how long it is quiet is what is looked at
  return keysBetween(endpoint, before, await revisionOf(endpoint))
}

const everything = { key: 'AA==', range_end: 'AA==' }

async function revisionOf(endpoint: string): Promise<number> {
  const body = JSON.stringify({ ...everything, count_only: true })
  const signal = AbortSignal.timeout(limitMs)
  const response = await fetch(`${endpoint}/v3/kv/range`, { method: 'POST', body, signal })
  const { header } = (await response.json()) as { header: { revision: string } }
  return Number(header.revision)
}

/** What was written after one revision and up to the other. */
async function keysBetween(endpoint: string, after: number, last: number): Promise<string[]> {
  const keys: string[] = []
  if (after === last) return keys
  const body = JSON.stringify({ create_request: { ...everything, start_revision: String(after + 1) } })
  const signal = AbortSignal.timeout(limitMs)
  const response = await fetch(`${endpoint}/v3/watch`, { method: 'POST', body, signal })
  if (!response.body) throw new Error('etcd does not answer a watch')
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const events = (JSON.parse(line) as Answer).result?.events ?? []
      const within = events.filter(({ kv }) => Number(kv.mod_revision) <= last)
      keys.push(...within.map(({ kv }) => Buffer.from(kv.key, 'base64').toString()))
      // one answer holds all of a revision
      if (events.some(({ kv }) => Number(kv.mod_revision) >= last)) return keys
    }
  }
  throw new Error('etcd ended the watch')
}
