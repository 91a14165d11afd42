import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import { rules } from './wall-rules.ts'

// The import walls, as a program: it fails on a violation, and also when it looked at next to no module at all
// (a check that sees nothing would pass for ever).
const folders = process.argv.slice(2)
const result = await cruise(
  folders.length > 0
    ? folders
    : ['shared', 'apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'deploy', 'e2e'],
  { ...rules.options, ruleSet: { forbidden: rules.forbidden ?? [] }, validate: true },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
)
const { summary } = result.output as ICruiseResult
for (const violation of summary.violations) {
  process.stdout.write(`${violation.rule.severity} ${violation.rule.name}: ${violation.from} → ${violation.to}\n`)
}
process.stdout.write(`${String(summary.totalCruised)} modules, ${String(summary.error)} violations\n`)
if (summary.error > 0 || summary.totalCruised < 2) process.exitCode = 1
