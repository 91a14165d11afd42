import { describe, expect, it } from 'vitest'
import { config, node, service, slice } from '../rules/cases.ts'
import { rules } from '../rules/rules.ts'
import { changes, restoreText } from './ruleset.ts'
import { iptablesRules } from './write.ts'

const services = Array.from({ length: 50 }, (_, i) => service(`svc${i + 1}`, { clusterIP: `172.30.1.${i}` }))
const slices = services.map((_, i) => slice(`svc${i + 1}`, [{ ip: `10.180.0.${i}` }, { ip: `10.180.1.${i}` }]))
const before = iptablesRules(rules(services, slices, node, config))

describe('changes', () => {
  it('finds nothing between equal rulesets', () => {
    const change = changes(before, iptablesRules(rules(services, slices, node, config)))
    expect(restoreText('nat', change.nat) + restoreText('filter', change.filter)).toBe('')
  })

  it('writes the chains of one Service when its endpoints change', () => {
    const next = slices.with(3, slice('svc4', [{ ip: '10.180.0.3' }, { ip: '10.180.9.9' }]))
    const change = changes(before, iptablesRules(rules(services, next, node, config)))
    expect(change.filter).toEqual({ write: [], remove: [] })
    const text = restoreText('nat', change.nat)
    expect(text.split('\n').filter((line) => line.startsWith(':'))).toHaveLength(3)
    expect(text).toContain('--to-destination 10.180.9.9:80')
    expect(text).toMatch(/-X KUBE-SEP-\w{16}\nCOMMIT/)
  })

  it('deletes a chain only after the rules that led to it are gone', () => {
    const change = changes(before, iptablesRules(rules(services.slice(1), slices, node, config)))
    const lines = restoreText('nat', change.nat).split('\n')
    const removed = lines.filter((line) => line.startsWith('-X ')).map((line) => line.slice(3))
    expect(removed).toHaveLength(3)
    const lastRule = lines.findLastIndex((line) => line.startsWith('-A '))
    expect(lines.findIndex((line) => line.startsWith('-X '))).toBeGreaterThan(lastRule)
    expect(lines.some((line) => line.startsWith('-A ') && removed.some((name) => line.includes(name)))).toBe(false)
  })
})
