import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMap, isSeq, parseDocument, stringify, type Document } from 'yaml'
import { UserError } from '../errors.ts'
import type { Settings } from '../settings.ts'

const contextName = 'kubets'

/** A whole kubeconfig for one program or person, as YAML with the certificates inside. */
async function kubeconfigFor(settings: Settings, certificate: string): Promise<string> {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contextName,
    clusters: [{ name: contextName, cluster: await clusterEntry(settings) }],
    users: [{ name: certificate, user: await userEntry(settings, certificate) }],
    contexts: [{ name: contextName, context: { cluster: contextName, user: certificate } }],
  })
}

/** The programs that speak to the apiserver, and the admin. */
export const kubeconfigNames: readonly string[] = ['controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'admin']

/** Writes the kubeconfigs of some programs into the state folder. */
export async function writeKubeconfigs(settings: Settings, names = kubeconfigNames): Promise<void> {
  const dir = join(settings.stateDir, 'kubeconfigs')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (const name of names) {
    await writeFile(join(dir, name), await kubeconfigFor(settings, name), { mode: 0o600 })
  }
}

/** Adds the context `kubets` to the user's kubeconfig and makes it current, noting what was current before. */
export async function addUserContext(settings: Settings): Promise<string> {
  const existed = existsSync(settings.kubeconfig)
  const before = existed ? await readFile(settings.kubeconfig, 'utf8') : ''
  const document = parseKubeconfig(settings.kubeconfig, before)
  const current = document.get('current-context')
  const note = notePath(settings)
  if (!existsSync(note)) {
    const previous = typeof current === 'string' && current !== contextName ? current : ''
    await writeFile(note, JSON.stringify({ path: settings.kubeconfig, existed, previous }))
  }
  mergeContext(document, {
    cluster: await clusterEntry(settings),
    user: await userEntry(settings, 'admin'),
  })
  await replaceFile(settings.kubeconfig, document.toString())
  return settings.kubeconfig
}

/** Takes the context `kubets` out again and restores what was current; a file that `up` made goes when nothing else is in it. */
export async function removeUserContext(settings: Settings): Promise<void> {
  const text = await readFile(notePath(settings), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const note = JSON.parse(text) as { path: string; existed: boolean; previous: string }
  if (existsSync(note.path)) {
    const document = parseKubeconfig(note.path, await readFile(note.path, 'utf8'))
    const empty = dropContext(document, note.previous)
    if (empty && !note.existed) await rm(note.path)
    else await replaceFile(note.path, document.toString())
  }
  await rm(notePath(settings), { force: true })
}

/** Pure: sets cluster, user and context named `kubets` in a kubeconfig document, and makes the context current. */
export function mergeContext(document: Document, entry: { cluster: object; user: object }): void {
  if (!isMap(document.contents)) document.contents = document.createNode({ apiVersion: 'v1', kind: 'Config' }) as never
  setNamed(document, 'clusters', { name: contextName, cluster: entry.cluster })
  setNamed(document, 'users', { name: contextName, user: entry.user })
  setNamed(document, 'contexts', { name: contextName, context: { cluster: contextName, user: contextName } })
  document.set('current-context', contextName)
}

/** Pure: takes out what {@link mergeContext} put in; true when no context is left. */
export function dropContext(document: Document, previous: string): boolean {
  let left = 0
  for (const list of ['clusters', 'users', 'contexts']) {
    const items = document.get(list)
    if (!isSeq(items)) continue
    items.items = items.items.filter((item) => !(isMap(item) && item.get('name') === contextName))
    left += items.items.length
  }
  if (document.get('current-context') === contextName) document.set('current-context', previous)
  return left === 0
}

function setNamed(document: Document, list: string, entry: { name: string } & Record<string, unknown>): void {
  const node = document.createNode(entry)
  const items = document.get(list)
  if (!isSeq(items)) {
    document.set(list, document.createNode([entry]))
    return
  }
  const index = items.items.findIndex((item) => isMap(item) && item.get('name') === entry.name)
  if (index >= 0) items.items[index] = node
  else items.items.push(node)
}

function parseKubeconfig(path: string, text: string): Document {
  const document = parseDocument(text)
  const problem = document.errors[0]
  if (problem)
    throw new UserError(
      `${path} is not valid YAML (${problem.message.split('\n')[0] ?? ''}): mend or move it, then run this again.`,
    )
  return document
}

async function clusterEntry(settings: Settings): Promise<object> {
  return {
    server: `https://${settings.apiserverHost}:${String(settings.securePort)}`,
    'certificate-authority-data': await base64(settings, 'ca.crt'),
  }
}

async function userEntry(settings: Settings, certificate: string): Promise<object> {
  return {
    'client-certificate-data': await base64(settings, `${certificate}.crt`),
    'client-key-data': await base64(settings, `${certificate}.key`),
  }
}

async function base64(settings: Settings, file: string): Promise<string> {
  return (await readFile(join(settings.stateDir, 'pki', file))).toString('base64')
}

/** Written beside and renamed over, so that a reader never sees half a file. */
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.kubets-new`
  await writeFile(temporary, text, { mode: 0o600 })
  await chmod(temporary, 0o600)
  await rename(temporary, path)
}

function notePath(settings: Settings): string {
  return join(settings.stateDir, 'run', 'kubeconfig.json')
}
