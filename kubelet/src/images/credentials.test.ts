import { describe, expect, it } from 'vitest'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { credentialsFor, registryOf } from './credentials.ts'

const secret = (auths: object): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {},
  data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
})

describe('credentials', () => {
  it.each([
    ['nginx', 'docker.io'],
    ['library/nginx', 'docker.io'],
    ['localhost/nginx', 'localhost'],
    ['127.0.0.1:5000/a/b:1', '127.0.0.1:5000'],
    ['ghcr.io/a/b', 'ghcr.io'],
  ])('%s comes from %s', (image, registry) => {
    expect(registryOf(image)).toBe(registry)
  })

  it('are those for the image, most specific first', () => {
    const secrets = [
      secret({ 'ghcr.io': { username: 'all', password: 'p' }, 'https://ghcr.io/team': { auth: btoa('team:a:b') } }),
      secret({ 'other.io': { username: 'x' } }),
    ]
    const found = credentialsFor('ghcr.io/team/app:1', secrets)
    expect(found.map(({ username, password }) => `${username} ${password}`)).toEqual(['team a:b', 'all p'])
    expect(credentialsFor('ghcr.io/teams/app', secrets)).toHaveLength(1)
  })

  it("know Docker's own registry by its old name", () => {
    const login = secret({ 'https://index.docker.io/v1/': { username: 'me', password: 'p' } })
    expect(credentialsFor('nginx', [login])).toMatchObject([{ serverAddress: 'https://index.docker.io/v1/' }])
  })

  it('are none in a secret that cannot be read', () => {
    const broken: Secret = { ...secret({}), data: { '.dockerconfigjson': btoa('{') } }
    expect(credentialsFor('nginx', [broken])).toEqual([])
  })
})
