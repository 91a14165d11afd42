import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import type { AuthConfig } from '../runtime/types.ts'
import { tracked, type DockerConfig, type TrackedConfig } from './keyring.ts'

/**
 * The credentials that the secrets hold. Secrets of other types, and those that cannot be read, hold none.
 */
// pkg/credentialprovider/secrets/secrets.go MakeDockerKeyring
export function secretConfigs(secrets: readonly Secret[]): TrackedConfig[] {
  return secrets.map(({ metadata: { uid = '', namespace = '', name = '' }, data }) =>
    tracked(secretConfig(data), { secret: { uid, namespace, name } }),
  )
}

function secretConfig(data: Secret['data']): DockerConfig {
  const modern = data?.['.dockerconfigjson']
  if (modern !== undefined) return dockerConfigIn(Buffer.from(modern, 'base64').toString())
  return entriesIn(parsed(Buffer.from(data?.['.dockercfg'] ?? '', 'base64').toString()))
}

/** The credentials in a text as docker login writes it; none when nobody can read it. */
// pkg/credentialprovider/config.go DockerConfigJSON
export function dockerConfigIn(text: string): DockerConfig {
  const config = parsed(text)
  return entriesIn(isObject(config) ? config['auths'] : undefined)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function entriesIn(value: unknown): DockerConfig {
  const entries = isObject(value) ? Object.entries(value) : []
  return new Map(entries.map(([location, entry]) => [location, toAuth(isObject(entry) ? entry : {})]))
}

function toAuth(entry: Record<string, unknown>): AuthConfig {
  const text = (name: string): string | undefined => (typeof entry[name] === 'string' ? entry[name] : undefined)
  const [user = '', ...rest] = Buffer.from(text('auth') ?? '', 'base64')
    .toString()
    .split(':')
  const identityToken = text('identitytoken')
  return {
    username: text('username') ?? user,
    password: text('password') ?? rest.join(':'),
    ...(identityToken === undefined ? {} : { identityToken }),
  }
}
