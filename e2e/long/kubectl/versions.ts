import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { background, run, type Background, type Finished } from '../../harness/kubectl.ts'
import type { Namespace } from '../../harness/namespace.ts'

/** One kubectl of those under test. */
export interface Version {
  /** As the installer calls it, e.g. `v1.20` or `current`; or where it was found. */
  readonly name: string
  readonly path: string
  readonly minor: number
  /** What it says of itself, e.g. `v1.20.2`. */
  readonly says: string
}

/** The kubectls of `$KUBETS_KUBECTLS` (`VERSION/kubectl`), or the one of the PATH where nobody brought any. */
export function versions(): readonly Version[] {
  const dir = process.env.KUBETS_KUBECTLS
  const brought = dir !== undefined && existsSync(dir) ? readdirSync(dir).toSorted() : []
  const all = brought.map((name) => ({ name, path: join(dir ?? '', name, 'kubectl') }))
  return (all.length > 0 ? all : [{ name: 'of the PATH', path: 'kubectl' }]).map((one) => {
    const text = execFileSync(one.path, ['version', '--client', '-o', 'json'], { encoding: 'utf8', timeout: 30_000 })
    const { clientVersion } = JSON.parse(text) as { clientVersion: { gitVersion: string; minor: string } }
    return { ...one, minor: Number.parseInt(clientVersion.minor, 10), says: clientVersion.gitVersion }
  })
}

/** What a case gets: one version of kubectl in a namespace of its own. */
export interface Kubectl {
  readonly minor: number
  readonly namespace: string
  /** Runs it; a non-zero exit is an error with its words. */
  run(args: readonly string[], options?: Options): Promise<string>
  /** Like run, but a non-zero exit is an answer too. */
  try(args: readonly string[], options?: Options): Promise<Finished>
  /** Reads an object. */
  get<T>(args: readonly string[]): Promise<T>
  /** Starts it, to go on until stopped. */
  background(args: readonly string[]): Background
}

interface Options {
  /** Goes to its standard input; an object as JSON. */
  readonly input?: string | object
  readonly env?: Readonly<Record<string, string>>
}

/** A case of the table; `since` is the minor version that brought what it uses. */
export interface Case {
  readonly name: string
  readonly since?: number
  run(kubectl: Kubectl): Promise<void>
}

/** A kubectl with a discovery cache of its own; `end` removes that. */
export function kubectlOf(version: Version, namespace: Namespace): Kubectl & { end(): void } {
  const cache = mkdtempSync(join(tmpdir(), 'kubets-kubectl-'))
  const words = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    version.path,
    `--cache-dir=${cache}`,
    '-n',
    namespace.name,
    ...args,
  ]
  const attempt: Kubectl['try'] = (args, { input = '', env } = {}) =>
    run('env', words(args, env), {
      input: typeof input === 'string' ? input : JSON.stringify(input),
      timeoutMs: 150_000,
    })
  const must: Kubectl['run'] = async (args, options) => {
    const { code, stdout, stderr } = await attempt(args, options)
    if (code !== 0) throw new Error(`kubectl ${version.name} ${args.join(' ')} ended with ${String(code)}: ${stderr}`)
    return stdout
  }
  return {
    minor: version.minor,
    namespace: namespace.name,
    run: must,
    try: attempt,
    get: async <T>(args: readonly string[]) => JSON.parse(await must(['get', ...args, '-o', 'json'])) as T,
    background: (args) => background('env', words(args)),
    end: () => rmSync(cache, { recursive: true, force: true }),
  }
}

/** A ConfigMap as a manifest. */
export const configMap = (name: string, data: object, labels?: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: labels === undefined ? { name } : { name, labels },
  data,
})
