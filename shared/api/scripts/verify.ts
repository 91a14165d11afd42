import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from './generate.ts'
import { compareSamples } from './samples.ts'

// node shared/api/scripts/verify.ts <folder that holds k8s.io/>: exit 1 and names when a generated file is stale or
// one of upstream's sample documents does not come through decoding unchanged.
const shared = join(import.meta.dirname, '../..')
const goRoot = process.argv[2]
if (!goRoot) {
  console.error('usage: verify.ts <Go source folder that holds k8s.io/>')
  process.exit(2)
}
const generated = await generate(goRoot, join(shared, 'api/facts'))
let stale = 0
for (const [path, text] of generated) {
  const present = await readFile(join(shared, path), 'utf8').catch(() => undefined)
  if (present === text) continue
  console.error(`${path}: ${present === undefined ? 'missing' : 'not what the sources say'}`)
  stale++
}
console.log(`${generated.size} generated files compared, ${stale} stale`)
const samples = await compareSamples(goRoot)
for (const wrong of samples.wrong) console.error(wrong)
console.log(`${samples.compared} sample documents decoded, ${samples.wrong.length} wrong`)
const failed = stale > 0 || samples.wrong.length > 0
// Having looked at nothing is no success.
process.exitCode = failed || generated.size === 0 || samples.compared === 0 ? 1 : 0
