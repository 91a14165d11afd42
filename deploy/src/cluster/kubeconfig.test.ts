import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { dropContext, mergeContext } from './kubeconfig.ts'

const entry = { cluster: { server: 'https://127.0.0.1:6443' }, user: { 'client-key-data': 'k' } }
const others = `# mine
apiVersion: v1
kind: Config
current-context: work
clusters:
  - name: work # keep this
    cluster: { server: https://work }
contexts:
  - name: work
    context: { cluster: work, user: me }
users:
  - name: me
    user: {}
`

describe('the context kubets', () => {
  it('goes into an empty kubeconfig and out again, leaving no context', () => {
    const document = parseDocument('')
    mergeContext(document, entry)
    expect(document.toJS()).toMatchObject({
      kind: 'Config',
      'current-context': 'kubets',
      contexts: [{ name: 'kubets', context: { cluster: 'kubets', user: 'kubets' } }],
    })
    expect(dropContext(document, '')).toBe(true)
  })

  it('leaves the others, their comments and what was current as they were', () => {
    const document = parseDocument(others)
    mergeContext(document, entry)
    expect(document.get('current-context')).toBe('kubets')
    expect(dropContext(document, 'work')).toBe(false)
    expect(document.toString()).toBe(parseDocument(others).toString())
  })

  it('replaces its own entries when added twice', () => {
    const document = parseDocument(others)
    mergeContext(document, entry)
    mergeContext(document, { ...entry, cluster: { server: 'https://new' } })
    const { clusters } = document.toJS() as { clusters: { name: string; cluster: { server: string } }[] }
    expect(clusters.filter((one) => one.name === 'kubets').map((one) => one.cluster.server)).toEqual(['https://new'])
  })

  it('does not change what is current when that was changed meanwhile', () => {
    const document = parseDocument(others)
    mergeContext(document, entry)
    document.set('current-context', 'elsewhere')
    dropContext(document, 'work')
    expect(document.get('current-context')).toBe('elsewhere')
  })
})
