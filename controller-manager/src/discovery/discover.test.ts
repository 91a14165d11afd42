import { describe, expect, it } from 'vitest'
import { discover } from './discover.ts'

const { signal } = new AbortController()
const served = (...names: string[]) => ({
  groups: names.map((name) => ({
    name,
    versions: [{ version: 'v1' }],
    preferredVersion: { version: 'v1' },
  })),
})
const resources = (name: string) => ({ resources: [{ name, kind: name, namespaced: true, verbs: ['list'] }] })

/** A server that answers each path with the next of what it is given, the last again and again; 503 for undefined. */
const serverOf = (answers: Record<string, (object | undefined)[]>) => ({
  raw: (_method: string, path: string) => {
    const [next, ...rest] = answers[path] ?? []
    if (rest.length > 0) answers[path] = rest
    const body = Buffer.from(JSON.stringify(next ?? {}))
    return Promise.resolve({ status: next ? 200 : path in answers ? 503 : 404, headers: {}, body })
  },
})

describe('discover', () => {
  it('finds what every group has, and says whose server is away', async () => {
    const server = serverOf({
      '/apis': [served('apps', 'away')],
      '/api/v1': [resources('pods')],
      '/apis/apps/v1': [resources('deployments')],
      '/apis/away/v1': [undefined],
    })
    const found = await discover(server, signal)
    expect(found.resources.map(({ ref: { group, version, plural } }) => [group, version, plural])).toEqual([
      ['', 'v1', 'pods'],
      ['apps', 'v1', 'deployments'],
    ])
    const message = 'GET /apis/away/v1: the server answered 503'
    expect(found.failures).toEqual([{ groupVersion: 'away/v1', message }])
  })

  it('takes what goes while it asks for gone', async () => {
    const server = serverOf({
      '/apis': [served('apps', 'going'), served('apps')],
      '/api/v1': [resources('pods')],
      '/apis/apps/v1': [resources('deployments')],
    })
    const found = await discover(server, signal)
    expect(found.resources).toHaveLength(2)
    expect(found.failures).toEqual([])
  })
})
