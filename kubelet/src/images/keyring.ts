// Which credentials are for an image. pkg/credentialprovider/keyring.go
import type { AuthConfig } from '../runtime/types.ts'
import type { CredentialSource, TrackedAuth } from './pull-records.ts'

/** Credentials by what they are for: a registry, perhaps with the beginning of a path, perhaps with * in its host. */
export type DockerConfig = ReadonlyMap<string, AuthConfig>

/** The same, where it is known whose they are. */
export type TrackedConfig = ReadonlyMap<string, TrackedAuth>

/** Says of credentials whose they are; without a source they are the node's. */
export function tracked(config: DockerConfig, source?: CredentialSource): TrackedConfig {
  return new Map([...config].map(([place, auth]) => [place, { auth, ...(source && { source }) }]))
}

const defaultRegistry = 'docker.io'
const defaultRegistryKey = 'index.docker.io'

interface Place {
  host: string
  path: string
}

/**
 * Host and path of what is written without a scheme. Throws an Error when it is no URL.
 */
// pkg/credentialprovider/keyring.go ParseSchemelessURL, net/url parse
export function parseSchemeless(text: string): Place {
  const failed = (why: string): Error => new Error(`parse ${JSON.stringify(`https://${text}`)}: ${why}`)
  if (/[\u0000-\u001f\u007f]/.test(text)) throw failed('net/url: invalid control character in URL')
  const escape = /%(?![0-9a-f]{2}).{0,2}/i.exec(text)
  if (escape) throw failed(`invalid URL escape ${JSON.stringify(escape[0])}`)
  const bare = text.split('#', 1)[0]?.split('?', 1)[0] ?? ''
  const slash = bare.indexOf('/')
  const host = slash < 0 ? bare : bare.slice(0, slash)
  const odd = /[ "<>\\^`{|}]/.exec(host)
  if (odd) throw failed(`invalid character ${JSON.stringify(odd[0])} in host name`)
  const port = host.slice(host.indexOf(':', host.lastIndexOf(']') + 1))
  if (host.includes(':') && !/^:\d*$/.test(port)) throw failed(`invalid port ${JSON.stringify(port)} after host`)
  return { host, path: slash < 0 ? '' : bare.slice(slash) }
}

/** Whether credentials for `glob` are for `target`: the parts of a host may have *, a path is a prefix. */
// pkg/credentialprovider/keyring.go URLsMatch
export function urlsMatch(glob: string, target: string): boolean {
  let [one, other]: [Place?, Place?] = []
  try {
    ;[one, other] = [parseSchemeless(glob), parseSchemeless(target)]
  } catch {
    return false
  }
  const [globHost = '', globPort = ''] = splitPort(one.host)
  const [host = '', port = ''] = splitPort(other.host)
  const [globParts, parts] = [globHost.split('.'), host.split('.')]
  if (globPort !== port || globParts.length !== parts.length || !other.path.startsWith(one.path)) return false
  return globParts.every((part, i) => globMatches(part, parts[i] ?? ''))
}

function splitPort(host: string): string[] {
  const at = host.lastIndexOf(':')
  return at > host.lastIndexOf(']') ? [host.slice(0, at), host.slice(at + 1)] : [host]
}

/** path/filepath Match of a part with *: goes back to the last star alone, so that it stays quick. */
function globMatches(glob: string, text: string): boolean {
  let [at, seen, star, from] = [0, 0, -1, 0]
  while (seen < text.length) {
    if (glob[at] === '*') [star, from, at] = [at, seen, at + 1]
    else if (glob[at] === text[seen]) [at, seen] = [at + 1, seen + 1]
    else if (star >= 0) [at, from, seen] = [star + 1, from + 1, from + 1]
    else return false
  }
  return glob.slice(at).replaceAll('*', '') === ''
}

/** An image's repository with its registry, without tag and digest. */
// pkg/util/parsers/parsers.go ParseImageName
export function repositoryOf(image: string): string {
  const named = image.split('@', 1)[0] ?? ''
  const colon = named.lastIndexOf(':')
  const name = colon > named.lastIndexOf('/') ? named.slice(0, colon) : named
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const hasHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  const [host, rest] = hasHost ? [first, name.slice(slash + 1)] : [defaultRegistry, name]
  const registry = host === defaultRegistryKey ? defaultRegistry : host
  return `${registry}/${registry === defaultRegistry && !rest.includes('/') ? `library/${rest}` : rest}`
}

/** All credentials for a repository, most specific first; those for the same place in the order they are given. */
// pkg/credentialprovider/keyring.go BasicDockerKeyring
export function lookup<T>(configs: readonly ReadonlyMap<string, T>[], repository: string): T[] {
  const index = new Map<string, T[]>()
  for (const config of configs) {
    for (const [location, auth] of config) {
      const key = keyOf(location)
      if (key !== undefined) index.set(key, [...(index.get(key) ?? []), auth])
    }
  }
  const found = [...index.keys()]
    .toSorted()
    .toReversed()
    .filter((key) => urlsMatch(key, repository))
    .flatMap((key) => index.get(key) ?? [])
  if (found.length > 0) return found
  return repository.startsWith(`${defaultRegistry}/`) ? (index.get(defaultRegistryKey) ?? []) : []
}

// what docker login writes ends in a version of the registry's API
function keyOf(location: string): string | undefined {
  try {
    const { host, path } = parseSchemeless(location.replace(/^https?:\/\//, ''))
    const effective = /^\/v[12]\//.test(path) ? path.slice(3) : path
    return effective === '' || effective === '/' ? host : host + effective
  } catch {
    return undefined
  }
}
