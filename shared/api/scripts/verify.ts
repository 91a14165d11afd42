import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from './generate.ts'

// node shared/api/scripts/verify.ts <folder that holds k8s.io/>: exit 1 and the stale files' names when any differs.
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
process.exitCode = stale > 0 || generated.size === 0 ? 1 : 0
