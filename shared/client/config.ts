import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'

/** How to reach an apiserver and as whom; certificates and keys are PEM texts. */
export interface ClientConfig {
  /** e.g. https://127.0.0.1:6443 */
  server: string
  ca?: string
  cert?: string
  key?: string
  /** A function is asked for every request, so that a renewed token takes effect. */
  token?: string | (() => string)
  userAgent: string
  insecureSkipTLSVerify?: boolean
  tlsServerName?: string
  impersonate?: { user: string; groups?: string[] }
  /** How long one request may take, of a stream its headers; 30 s when not given. */
  requestLimitMs?: number
}

type Entry<K extends string, T> = { name?: string } & { [key in K]?: T }

interface Cluster {
  server?: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
}

interface User {
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  token?: string
  tokenFile?: string
  exec?: unknown
  'auth-provider'?: unknown
  as?: string
  'as-groups'?: string[]
}

interface Kubeconfig {
  'current-context'?: string
  clusters?: Entry<'cluster', Cluster>[]
  users?: Entry<'user', User>[]
  contexts?: Entry<'context', { cluster?: string; user?: string }>[]
}

/**
 * Reads a kubeconfig file; file references in it are relative to its folder. A program puts its own name into
 * `userAgent`.
 * Throws an Error that names the file, the place in it and what to do.
 */
// client-go tools/clientcmd/client_config.go ClientConfig
export function loadKubeconfig(path: string, context?: string): ClientConfig {
  const config = readKubeconfig(path)
  const contextName = context ?? config['current-context']
  if (!contextName) throw new Error(`${path}: no current-context is set: name one there or pass a context`)
  const chosen = find(path, 'context', config.contexts, contextName)
  const cluster = find(path, 'cluster', config.clusters, chosen.cluster ?? '')
  const user = chosen.user ? find(path, 'user', config.users, chosen.user) : {}
  if (!cluster.server) throw new Error(`${path}: cluster "${chosen.cluster}" has no server: give its URL`)
  if (!URL.canParse(cluster.server))
    throw new Error(`${path}: cluster "${chosen.cluster}": "${cluster.server}" is no URL`)
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    const what = `${path}: user "${chosen.user}" uses an exec or auth-provider plugin`
    throw new Error(`${what}, which is not supported: use a client certificate, token or tokenFile`)
  }
  const folder = dirname(path)
  const pem = (data: string | undefined, file: string | undefined, what: string): string | undefined => {
    if (data) return decodePem(path, what, data)
    return file ? readReferenced(path, what, resolve(folder, file)) : undefined
  }
  const tokenFile = user.tokenFile ? resolve(folder, user.tokenFile) : undefined
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ca: pem(cluster['certificate-authority-data'], cluster['certificate-authority'], 'certificate-authority'),
    cert: pem(user['client-certificate-data'], user['client-certificate'], 'client-certificate'),
    key: pem(user['client-key-data'], user['client-key'], 'client-key'),
    token: tokenFile ? rereadToken(path, tokenFile) : user.token,
    userAgent: 'kubets',
    insecureSkipTLSVerify: cluster['insecure-skip-tls-verify'],
    tlsServerName: cluster['tls-server-name'],
    impersonate: user.as ? { user: user.as, groups: user['as-groups'] } : undefined,
  }
}

function readKubeconfig(path: string): Kubeconfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`cannot read kubeconfig ${path}: ${(error as Error).message}`, { cause: error })
  }
  let config: unknown
  try {
    config = parse(text)
  } catch (error) {
    throw new Error(`${path} is not valid YAML: ${(error as Error).message}`, { cause: error })
  }
  if (typeof config !== 'object' || config === null) throw new Error(`${path} is empty: it should be a kubeconfig`)
  return config
}

function find<K extends 'context' | 'cluster' | 'user', T>(
  path: string,
  what: K,
  entries: Entry<K, T>[] | undefined,
  name: string,
): T {
  const entry = entries?.find((e) => e.name === name)
  const value = entry?.[what] as T | undefined
  if (value) return value
  const known = entries?.map((e) => e.name).join(', ')
  throw new Error(`${path}: there is no ${what} "${name}"; it has: ${known || 'none'}`)
}

function decodePem(path: string, what: string, data: string): string {
  const text = Buffer.from(data, 'base64').toString('utf8')
  if (!text.includes('-----BEGIN')) throw new Error(`${path}: ${what}-data is not the base64 of a PEM file`)
  return text
}

function readReferenced(path: string, what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`${path}: cannot read the ${what} ${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** The file's token, read again whenever the file has changed. */
function rereadToken(path: string, file: string): () => string {
  let token = readReferenced(path, 'tokenFile', file).trim()
  let changed = statSync(file).mtimeMs
  return () => {
    const mtime = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? changed
    if (mtime !== changed) {
      token = readReferenced(path, 'tokenFile', file).trim()
      changed = mtime
    }
    return token
  }
}
