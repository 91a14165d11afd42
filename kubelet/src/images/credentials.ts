import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import type { AuthConfig } from '../runtime/types.ts'

interface DockerConfigEntry {
  username?: string
  password?: string
  auth?: string
  identitytoken?: string
}

const defaultRegistry = 'docker.io'

/** The registry an image comes from, as host or host:port. */
export function registryOf(image: string): string {
  const slash = image.indexOf('/')
  const first = slash < 0 ? '' : image.slice(0, slash)
  return first.includes('.') || first.includes(':') || first === 'localhost' ? first : defaultRegistry
}

/**
 * The credentials in the secrets that are for the image, most specific first. Secrets of other types, and those that
 * cannot be read, hold none.
 */
// pkg/credentialprovider/secrets/secrets.go, pkg/credentialprovider/keyring.go
export function credentialsFor(image: string, secrets: readonly Secret[]): AuthConfig[] {
  const registry = registryOf(image)
  const repository = `${registry}/${image.startsWith(`${registry}/`) ? image.slice(registry.length + 1) : image}`
  const found: { at: string; auth: AuthConfig }[] = []
  for (const secret of secrets) {
    for (const [key, entry] of Object.entries(entriesOf(secret))) {
      const at = normal(key)
      if (repository === at || repository.startsWith(`${at}/`) || repository.startsWith(`${at}:`)) {
        found.push({ at, auth: toAuth(entry, registry) })
      }
    }
  }
  return found.toSorted((a, b) => b.at.length - a.at.length).map(({ auth }) => auth)
}

function entriesOf(secret: Secret): Record<string, DockerConfigEntry> {
  try {
    const modern = secret.data?.['.dockerconfigjson']
    if (modern !== undefined) {
      const config = JSON.parse(Buffer.from(modern, 'base64').toString()) as {
        auths?: Record<string, DockerConfigEntry>
      }
      return config.auths ?? {}
    }
    const old = secret.data?.['.dockercfg']
    return old === undefined
      ? {}
      : (JSON.parse(Buffer.from(old, 'base64').toString()) as Record<string, DockerConfigEntry>)
  } catch {
    return {}
  }
}

// "https://index.docker.io/v1/" is what docker login writes for Docker's own registry
function normal(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/$/, '')
  return bare.replace(/^(index|registry-1)\.docker\.io/, defaultRegistry)
}

function toAuth(entry: DockerConfigEntry, registry: string): AuthConfig {
  const [user, ...rest] = entry.auth ? Buffer.from(entry.auth, 'base64').toString().split(':') : []
  return {
    username: entry.username ?? user ?? '',
    password: entry.password ?? rest.join(':'),
    serverAddress: registry === defaultRegistry ? 'https://index.docker.io/v1/' : registry,
    ...(entry.identitytoken === undefined ? {} : { identityToken: entry.identitytoken }),
  }
}
