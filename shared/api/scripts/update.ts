import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generate } from './generate.ts'

// node shared/api/scripts/update.ts <folder that holds k8s.io/>
const shared = join(import.meta.dirname, '../..')
const goRoot = process.argv[2]
if (!goRoot) {
  console.error('usage: update.ts <Go source folder that holds k8s.io/>')
  process.exit(2)
}
for (const [path, text] of await generate(goRoot, join(shared, 'api/facts'))) {
  await mkdir(dirname(join(shared, path)), { recursive: true })
  await writeFile(join(shared, path), text)
}
