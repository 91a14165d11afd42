import { describe, expect, it } from 'vitest'
import { config, node, ruleCases } from '../rules/cases.ts'
import { rules } from '../rules/rules.ts'
import { tables } from './jumps.ts'
import { changes, restoreText } from './ruleset.ts'
import { iptablesRules } from './write.ts'

// goldens: `vitest -u` writes them anew
describe('iptables rules', () => {
  it.each(ruleCases)('$name', async (ruleCase) => {
    const model = rules(ruleCase.services, ruleCase.slices, node, { ...config, ...ruleCase.config })
    const all = changes(undefined, iptablesRules(model))
    const text = tables.map((table) => restoreText(table, all[table])).join('')
    await expect(text).toMatchFileSnapshot(`testdata/${ruleCase.name}.rules`)
  })

  it('does not depend on the order of its input', () => {
    const services = ruleCases.slice(0, 8).flatMap((ruleCase) => ruleCase.services)
    const slices = ruleCases.slice(0, 8).flatMap((ruleCase) => ruleCase.slices)
    const forwards = iptablesRules(rules(services, slices, node, config))
    const backwards = iptablesRules(rules(services.toReversed(), slices.toReversed(), node, config))
    expect(backwards).toEqual(forwards)
  })

  it('jumps only to chains that exist', () => {
    for (const { services, slices } of ruleCases) {
      const ruleset = iptablesRules(rules(services, slices, node, config))
      for (const table of Object.values(ruleset)) {
        for (const rule of [...table.values()].flat()) {
          const target = / -j (KUBE-\S+)/.exec(` ${rule}`)?.[1]
          if (target) expect(table.has(target), rule).toBe(true)
        }
      }
    }
  })
})
