import { readFile, realpath } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { dockerClient } from '../install/docker-engine.ts'
import { must } from '../run.ts'
import { definitions, type ImageDefinition } from './definitions.ts'

const accounts = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
}
const folders = ['bin', 'etc', 'dev', 'proc', 'sys', 'root', 'tmp', 'var', 'www', 'usr']

/** Makes the base images that the engine does not have yet. Returns what it made, for the progress line. */
export async function ensureImages(): Promise<string> {
  const docker = dockerClient()
  const have = new Set((await docker.listImages()).flatMap((image) => image.RepoTags ?? []))
  const wanted = definitions.filter((definition) => !have.has(definition.name))
  if (wanted.length === 0) return 'present'
  const busybox = await readFile(await realpath('/bin/busybox'))
  const applets = (await must('/bin/busybox', ['--list']))
    .split('\n')
    .filter((name) => name !== '' && name !== 'busybox')
  for (const definition of wanted) await importImage(definition, busybox, applets)
  return wanted.map((definition) => definition.name).join(', ')
}

async function importImage(definition: ImageDefinition, busybox: Buffer, applets: readonly string[]): Promise<void> {
  const [repo, tag] = definition.name.split(':')
  const layer = Readable.from(rootFilesystem(definition, busybox, applets))
  const stream = await dockerClient().importImage(layer, { repo, tag, changes: definition.changes })
  let answer = ''
  for await (const chunk of stream) answer += chunk.toString()
  if (/"error"/.test(answer)) throw new Error(`docker import of ${definition.name}: ${answer.trim()}`)
}

/** A tar stream of the image's one layer: busybox, a hard link for each applet, accounts and the image's own files. */
function rootFilesystem(definition: ImageDefinition, busybox: Buffer, applets: readonly string[]) {
  const tar = pack()
  for (const folder of folders) tar.entry({ name: folder, type: 'directory', mode: folder === 'tmp' ? 0o1777 : 0o755 })
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, busybox)
  for (const applet of applets) tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' })
  for (const [name, text] of Object.entries({ ...accounts, ...definition.files })) {
    tar.entry({ name, mode: name.startsWith('bin/') ? 0o755 : 0o644 }, text)
  }
  tar.finalize()
  return tar
}
